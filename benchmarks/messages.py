"""Canonical messages of about 700 bytes, the same for the same seed: what every benchmark and the chaos test send."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

_COUNTRIES = (
    "VN", "CN", "LA", "TH", "KH", "MM", "BD", "BN", "HK", "IN", "MN", "NP", "NZ", "SG", "MY", "ID", "PH", "KR", "JP", "LK", "PK", "FJ",
    "MO", "MV", "BT", "TL", "PG",
)  # fmt: skip
AGENCIES = (*(f"{country}-CUSTOMS" for country in _COUNTRIES), "VN-POLICE", "TH-ONCB")
_GOODS = (
    ("drug", "Methamphetamine", "kg"),
    ("drug", "Heroin", "g"),
    ("fauna", "Manis javanica", "kg"),
    ("timber", "Dalbergia cochinchinensis", "m3"),
    ("precursor", "Ephedrine", "kg"),
)


def seizure(number: int, chance: random.Random, agency: str, at: datetime) -> dict[str, Any]:
    """One seizure with a time of day."""
    group, goods, unit = chance.choice(_GOODS)
    country = agency[:2]
    return {
        "message_type": "seizure",
        "schema_version": 1,
        "agency": agency,
        "case_no": f"{country}/{at:%Y}/{number:07d}",
        "seized_at": at.isoformat(),
        "reported_at": (at + timedelta(hours=3)).isoformat(),
        "operation": "OMD",
        "country": country,
        "transport_mode": "air",
        "direction": "import",
        "detection_methods": ["scanning"],
        "concealment_methods": ["luggage"],
        "route": [
            {"role": "origin", "country": "LA", "confidence": "alleged"},
            {"role": "destination", "country": "AU", "confidence": "confirmed"},
        ],
        "lines": [
            {"commodity_group": group, "substance_or_taxon": goods, "quantity": f"{chance.randint(1, 999_999) / 1000}", "unit": unit}
        ],
        "suspects": {"count": 1, "nationalities": [country]},
        "method_note": "hidden in the double wall of a suitcase, found after the image showed a denser side",
    }


def seizures(
    count: int, seed: int = 1, agencies: tuple[str, ...] = AGENCIES, start: datetime = datetime(2026, 5, 1, tzinfo=UTC), step_s: float = 30
) -> Iterator[tuple[str, bytes, bytes]]:
    """``count`` times (agency, key, value)."""
    chance = random.Random(seed)
    for number in range(count):
        agency = chance.choice(agencies)
        message = seizure(number, chance, agency, start + timedelta(seconds=number * step_s))
        yield agency, message["case_no"].encode(), json.dumps(message).encode()
