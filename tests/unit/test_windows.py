"""What a rolling window counts: the youngest case that it no longer holds, said for each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mekong.deploy.verify.counts import _rolling
from mekong.schemas.counts import CLOSED, Window
from mekong.schemas.times import minute_of, to_text
from mekong.sinks.clickhouse.tables import buckets, counts
from mekong.streams.core.counts.fold import fold
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import Entry

AT = datetime(2026, 5, 3, 16, 59, tzinfo=UTC)  # the last minute of the agency's day
HOLDS = {
    "1h": timedelta(minutes=60),
    "24h": timedelta(minutes=1_440),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
"""Window -> the age at which a case has left it."""
STEP = {"h": timedelta(minutes=1), "d": timedelta(days=1)}
ROLLING = [window for window in Window if window.minutes or window.days]


def told(case_at: datetime) -> dict[str, int]:
    """Window -> cases, of one case of that time, as of ``AT``."""
    at = case_at + timedelta(hours=7)
    case = {"precision": "time", "day": at.date().isoformat(), "minute": minute_of(case_at), "phase": None, "groups": {"drug": (1, 5)}}
    values = [
        {"kind": "agency", "agency": "VN-CUSTOMS", "profile": {"utc_offset": "+07:00"}},
        {"kind": "version", "agency": "VN-CUSTOMS", "supersedes": None, "contribution": case},
        {"kind": "tick", "agency": "VN-CUSTOMS", "at": to_text(AT)},
    ]
    ((_, found),) = fold(Draft({}, {}), [Entry(offset, value) for offset, value in enumerate(values)])
    return {one["window"]: one["cases"] for one in found.counts if one["commodity_group"] is None}


@pytest.mark.parametrize("window", ROLLING, ids=lambda window: window.name)
def test_a_case_leaves_a_window_at_its_age(window):
    assert window.value in HOLDS, f"window {window.name}: no line in HOLDS of tests/unit/test_windows.py"
    assert told(AT - HOLDS[window] + STEP[window[-1]])[window] == 1
    assert told(AT - HOLDS[window]).get(window, 0) == 0


@pytest.mark.parametrize("name", HOLDS)
def test_a_window_that_holds_something_is_declared(name):
    assert name in set(Window), f"window {name}: not in Window of schemas/counts.py"


@pytest.mark.parametrize("window", Window, ids=lambda window: window.name)
def test_the_sink_takes_a_count_of_every_window_and_verify_recounts_it(window):
    assert f"'{window}'" in counts.TABLE.sound, f"window {window.name}: the sink would refuse it (sinks/clickhouse/tables/counts.py)"
    recounted = window not in ROLLING or any(f"'{window}'" in line for line in _rolling())
    assert recounted, f"window {window.name}: verify does not recount it (deploy/verify/counts.py)"


@pytest.mark.parametrize("kind", CLOSED)
def test_the_sink_takes_every_kind_of_closed_bucket(kind):
    assert f"'{kind}'" in buckets.TABLE.sound, f"bucket {kind}: the sink would refuse it (sinks/clickhouse/tables/buckets.py)"


def test_a_tick_of_a_release_with_one_window_more_is_not_quiet():
    state, changes = {}, {}
    tick = {"kind": "tick", "agency": "VN-CUSTOMS", "at": to_text(AT)}
    list(fold(Draft(state, changes), [Entry(0, tick)]))
    state |= changes
    clock = Draft(state, {}).get(b"VN-CUSTOMS/clock", 2)
    older = {**clock, "told": {name: sums for name, sums in clock["told"].items() if name != Window.DAYS_30}}
    draft = Draft(state, {})
    draft.put(b"VN-CUSTOMS/clock", older)
    assert [*fold(draft, [Entry(1, tick)])], "the window is told with the next tick"
    assert not [*fold(Draft(state, {}), [Entry(1, tick)])]
