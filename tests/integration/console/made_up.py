# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""A made-up day of an exchange: the messages of some agencies, and alerts about them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

AGENCIES = ("VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS", "CN-CUSTOMS", "HK-CUSTOMS", "KH-CUSTOMS")
PLACES = (
    *((21.03, 105.85, "VN"), (20.86, 106.68, "VN"), (10.8, 106.6, "VN"), (16.05, 108.2, "VN"), (17.97, 102.6, "LA"), (20.3, 100.4, "LA")),
    *((13.75, 100.5, "TH"), (18.79, 98.98, "TH"), (7.0, 100.47, "TH"), (22.5, 114.1, "HK"), (22.0, 100.8, "CN"), (11.56, 104.9, "KH")),
)
GOODS = (
    *(("drug", "Methamphetamine", "kg"), ("drug", "Heroin", "kg"), ("drug", "Ketamine", "kg"), ("precursor", "Acetic anhydride", "l")),
    *(("fauna", "Manis javanica", "kg"), ("fauna", "Loxodonta africana", "kg"), ("timber", "Dalbergia cochinchinensis", "kg")),
)
ROUTES = (("MM", "VN"), ("LA", "TH"), ("TH", "AU"), ("NG", "VN"), ("MM", "CN"), ("ID", "HK"), ("KH", "CN"), None, None)
_EXAMPLE = Path(__file__).parents[2] / "examples" / "alerts" / "good" / "major.json"


def seizure(case_no: str, number: int = 0, **more: Any) -> dict[str, Any]:
    """A seizure of a time, a place and goods that follow from ``number``."""
    chosen = Random(number)
    at = datetime.now(UTC) - timedelta(minutes=2 + number * 7)
    lat, lon, country = chosen.choice(PLACES)
    group, goods, unit = chosen.choice(GOODS)
    line = {"commodity_group": group, "substance_or_taxon": goods, "quantity": chosen.randint(1, 40), "unit": unit}
    given = {"seized_at": at.isoformat(timespec="seconds"), "lat": lat, "lon": lon, "country": country, "lines": [line]}
    if route := chosen.choice(ROUTES):
        steps = zip(("origin", "destination"), route, strict=True)
        given["route"] = [{"role": role, "country": code, "confidence": "confirmed"} for role, code in steps]
    return {"message_type": "seizure", "agency": AGENCIES[0], "case_no": case_no, **given, **more}


def day(agency: str) -> list[dict[str, Any]]:
    """What one agency sends."""
    chosen = Random(agency)
    numbers = sorted(chosen.sample(range(200), chosen.randint(12, 60)), reverse=True)
    return [seizure(f"{agency[:2]}-26-{1_000 + number}", number, agency=agency) for number in numbers]


def alerts(event_ids: list[str]) -> list[bytes]:
    """Two open alerts and one that is cleared; the first names these cases."""
    raised = datetime.now(UTC) - timedelta(minutes=25)
    severe = {
        "en": "Viet Nam Customs reported 31 cases of drugs today; about 9 were to be expected.",
        "vi": "Hải quan Việt Nam báo cáo 31 vụ ma túy hôm nay; dự kiến khoảng 9 vụ.",
        "zh": "越南海关今日报告毒品案件31起；预计约9起。",
    }
    new = {
        "en": "A new route: Nigeria to Viet Nam with pangolin, by Hong Kong Customs.",
        "vi": "Tuyến mới: Nigeria đến Việt Nam với tê tê, theo Hải quan Hồng Kông.",
        "zh": "新路线：尼日利亚至越南，穿山甲，由香港海关报告。",
    }
    return [
        alert(1, raised, "VN-CUSTOMS/drug", kind="SPIKE", tier="SEVERE", event_ids=event_ids, sentences=severe),
        alert(2, raised, "HK-CUSTOMS", kind="FIRST_SEEN", tier="NOTICE", commodity_group=None, sentences=new),
        alert(3, raised, "network/timber", kind="SPIKE", tier="SPIKE", state="open"),
        alert(4, raised + timedelta(minutes=5), "network/timber", kind="SPIKE", tier="SPIKE", state="cleared"),
    ]


def alert(number: int, raised: datetime, series: str, **more: Any) -> bytes:
    agency = series.partition("/")[0]
    named = {"alert_id": f"00000000-0000-5000-8000-{number:012}", "series": series, "agency": None if agency == "network" else agency}
    return json.dumps(json.loads(_EXAMPLE.read_bytes()) | named | {"raised_at": raised.isoformat()} | more).encode()
