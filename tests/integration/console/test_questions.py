"""The questions of the live page to the real ClickHouse: what is counted, which alerts are open, what is said of one case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mekong.deploy.registry import profile_of
from mekong.schemas.journal import AgencyEntry, Enriched, Source, Version
from mekong.schemas.receipts import Notice, Receipt
from mekong.schemas.times import minute_of, to_text
from mekong.schemas.wire import encode
from mekong.schemas.zones import day_in
from mekong.sinks.console import queries
from mekong.sinks.console.case import SHOWN_VERSIONS, Handling
from mekong.sinks.console.case_reader import read_case
from mekong.sinks.console.values import WINDOWS
from mekong.streams.core.counts.fold import fold
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.cases import StoredCase
from mekong.streams.core.intake.take import _alike
from mekong.streams.core.journal import Entry
from tests.integration.console.made_up import alert

AGENCY = "VN-CUSTOMS"
AT = datetime(2026, 5, 3, 18, tzinfo=UTC)
"""01:00 on 4 May in Viet Nam."""


def version(case: int, seized_at: str, number: int = 1, **more: object) -> bytes:
    content = {"seized_at": seized_at, "country": "VN", "lines": [{"commodity_group": "drug", "substance_or_taxon": "ice"}]}
    given = {
        "event_id": UUID(int=case),
        "agency": AGENCY,
        "case_no": f"C-{case}",
        "family": "case",
        "version": number,
        "status": "current",
        "message_type": "seizure",
        "received_at": AT,
        "source": Source(topic=f"in.{AGENCY}.v1", offset=case),
        "content_hash": "1:00",
        "content": content,
        "enriched": Enriched(agency_kind="customs", agency_country="VN", agency_region="Asia", country="VN", lines=({"name": "x"},)),
    }
    return encode(Version(**given | more))


def profile(offset: str) -> AgencyEntry:
    zoned = profile_of(AGENCY).model_copy(update={"utc_offset": offset, "zone": None})
    return AgencyEntry(agency=AGENCY, received_at=AT, source=Source(topic=f"in.{AGENCY}.v1", offset=0), profile=zoned)


@pytest.mark.parametrize(
    ("offset", "at"),
    [("+07:00", AT), ("+07:00", AT.replace(hour=8)), ("-05:00", AT.replace(hour=2)), ("+05:30", AT.replace(minute=29))],
)
def test_cases_are_counted_as_the_worker_watch_counts_them(database, store, offset, at):
    """A case on each day around the windows, two of them after today, and one for each hour around now."""
    today, zone = day_in(at, offset), timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[4:]))
    days = [((today - timedelta(days=back)).isoformat(), None) for back in range(-2, 45)]
    times = [at - timedelta(minutes=back) for back in (-90, -1, 0, 4, 5, 59, 60, 61, 300, 1439, 1440)]
    seized = days + [((one + zone).replace(tzinfo=None).isoformat() + offset, one) for one in times]
    store("journal", "journal.v1", encode(profile(offset)), *(version(number, text) for number, (text, _) in enumerate(seized, 1)))

    given = {"now": at}
    counted = queries.agencies(database.query(queries.AGENCIES).rows, database.query(queries.COUNTS, **given).rows, at, is_replay=False)
    shown = {window: sum(bars) for window, bars in counted.rows[0].bars.items()}
    assert shown == watched(offset, at, seized)
    on_map = queries.places(database.query(queries.SEIZED, **given).rows, database.query(queries.ROUTES, **given).rows)
    assert on_map.totals == shown


def watched(offset: str, at: datetime, seized: list[tuple[str, datetime | None]]) -> dict[str, int]:
    """Window -> cases, as the worker watch counts them."""
    values = [{"kind": "agency", "agency": AGENCY, "profile": {"utc_offset": offset}}]
    for text, instant in seized:
        fine = {"precision": "time", "minute": minute_of(instant)} if instant else {"precision": "day", "minute": None}
        case = {**fine, "day": text[:10], "phase": None, "groups": {"drug": (1, 5)}}
        values.append({"kind": "version", "agency": AGENCY, "supersedes": None, "contribution": case})
    values.append({"kind": "tick", "agency": AGENCY, "at": to_text(at)})
    ((_, found),) = fold(Draft({}, {}), [Entry(number, value) for number, value in enumerate(values)])
    return {one["window"]: one["cases"] for one in found.counts if one["commodity_group"] is None and one["window"] in WINDOWS}


def test_every_alert_of_a_day_is_shown_and_the_states_of_one_are_one(database, store):
    group = f"{AGENCY}/drug"
    week = {"bucket": {"size": "week", "start": "2026-05-03", "end": "2026-05-09"}}
    store(
        "alerts",
        "alerts.v1",
        alert(1, AT, group, kind="MAJOR", tier="SEVERE"),
        alert(2, AT, group, kind="MAJOR", tier="NOTICE"),
        alert(3, AT, AGENCY, kind="FIRST_SEEN", tier="NOTICE"),
        alert(4, AT, AGENCY, kind="FIRST_SEEN", tier="NOTICE"),
        alert(5, AT, group, kind="SPIKE", tier="SPIKE"),
        alert(6, AT, group, kind="SPIKE", tier="SEVERE", **week),
        alert(7, AT + timedelta(hours=1), group, kind="SPIKE", tier="SEVERE", state="escalated", **week),
        alert(8, AT, AGENCY, kind="SILENCE", tier="NOTICE"),
        alert(9, AT + timedelta(hours=1), AGENCY, kind="SILENCE", tier="NOTICE", state="cleared"),
    )
    found = queries.alerts(database.query(queries.ALERTS, now=AT + timedelta(hours=2)).rows)
    numbers = [int(one.alert_id[-2:]) for one in found.rows]
    assert (sorted(numbers), found.total, found.severe) == ([1, 2, 3, 4, 5, 7], 6, 2)
    assert set(numbers[:2]) == {1, 7}


def test_the_number_of_alerts_is_of_all_however_few_are_shown(database, store):
    store("alerts", "alerts.v1", *(alert(number, AT, AGENCY, kind="MAJOR", tier="SEVERE") for number in range(600)))
    found = queries.alerts(database.query(queries.ALERTS, now=AT).rows)
    assert (len(found.rows), found.total, found.severe) == (queries.MOST_OPEN, 600, 600)
    nothing = queries.alerts(database.query(queries.ALERTS, now=AT + timedelta(days=3)).rows)
    assert (nothing.rows, nothing.total, nothing.severe) == ((), 0, 0)


def test_a_withdrawn_case_keeps_the_marking_of_the_version_before(database, store):
    marked = {"tlp": "TLP:RED", "handling_code": "H3", "release_to": ["LA-CUSTOMS"]}
    content = {"handling": marked, "simulated": True, "related_to": [str(UUID(int=9))]}
    withdrawal = {"handling": {"tlp": "TLP:AMBER", "handling_code": "H1"}}
    last = {"status": "withdrawn", "message_type": "withdrawal", "content": withdrawal}
    seized = [version(1, "2026-05-03", number, content=content) for number in range(1, 3)]
    withdrawn = [version(1, "2026-05-03", number, **last) for number in range(3, 3 + SHOWN_VERSIONS)]
    store("journal", "journal.v1", version(9, "2026-05-03"), *seized, *withdrawn)
    case = read_case(database, UUID(int=1))
    assert case is not None
    assert case.is_withdrawn
    assert (case.handling, case.is_simulated) == (Handling("TLP:RED", "H3", ("LA-CUSTOMS",)), True)
    assert (len(case.versions), case.total) == (SHOWN_VERSIONS, SHOWN_VERSIONS + 2)
    assert [one.case_no for one in case.others] == ["C-9"]


@pytest.mark.parametrize("first", ["C-1", "C-1: both are counted"])
def test_a_suspected_duplicate_is_found_from_either_case_and_no_other_number_is(database, store, first):
    """A case number may have a part of the notice."""
    (notice,) = _alike(StoredCase("C-2", None, None), first)
    told = Receipt(
        source_topic=f"in.{AGENCY}.v1",
        source_offset=2,
        agency=AGENCY,
        case_no="C-2",
        outcome="accepted",
        event_id=UUID(int=2),
        version=1,
        warnings=[Notice(code=notice.code, field=notice.field, detail=notice.detail)],
        received_at=AT,
    )
    cases = {UUID(int=1): "C-1", UUID(int=2): "C-2", UUID(int=3): "C-1: both are counted"}
    store("journal", "journal.v1", *(version(one.int, "2026-05-03", case_no=case_no) for one, case_no in cases.items()))
    store("receipts", f"receipts.{AGENCY}.v1", encode(told))
    found = {case_no: [other.case_no for other in read_case(database, one).others] for one, case_no in cases.items()}
    assert found == {"C-1": [], "C-1: both are counted": [], "C-2": [first]} | {first: ["C-2"]}
