# ruff: noqa: S608 - agencies, groups and ids are letters, digits and hyphens by their patterns, checked by intake
"""Writes the SQL that shows the cases of an alert, for ClickHouse (view ``seizures``). It has no parameters: a person pastes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from mekong.schemas.alerts import Span
from mekong.schemas.times import to_text
from mekong.schemas.zones import midnight


def of_span(agency: str | None, group: str, bucket: Span) -> str:
    """The query for the seizures of a span."""
    precisions = "('time', 'day', 'month')" if bucket.size == "month" else "('time', 'day')"
    conditions = [f"seized_day BETWEEN '{bucket.start}' AND '{bucket.end}'", f"seized_precision IN {precisions}"]
    if agency:
        conditions.insert(0, f"agency = '{agency}'")
    if group:
        conditions.append(f"has(`lines.commodity_group`, '{group}')")
    return f"SELECT * FROM seizures WHERE {' AND '.join(conditions)} ORDER BY seized_day, case_no"


def of_arrivals(agency: str, day: Span, zone: str) -> str:
    """The query for the seizures that arrived on a local day, of any day of seizure; ``zone`` as in schemas/zones.py."""
    first, behind = (to_text(midnight(one, zone)) for one in (day.start, day.start + timedelta(days=1)))
    came = f"received_at >= parseDateTime64BestEffort('{first}', 3) AND received_at < parseDateTime64BestEffort('{behind}', 3)"
    return f"SELECT * FROM seizures WHERE agency = '{agency}' AND {came} ORDER BY seized_day, case_no"


def of_events(events: Sequence[str]) -> str:
    """The query for seizures by event id."""
    return f"SELECT * FROM seizures WHERE event_id IN ({', '.join(repr(str(event)) for event in events)}) ORDER BY seized_day, case_no"
