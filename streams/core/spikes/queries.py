# ruff: noqa: S608 - agencies, groups and ids are letters, digits and hyphens by their patterns, checked by intake
"""The SQL that shows what an alert is about, for ClickHouse (view ``seizures``). No parameters: a person pastes it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.alerts import Span


def of_span(agency: str | None, group: str, bucket: Span) -> str:
    """The seizures of a span."""
    precisions = "('time', 'day', 'month')" if bucket.size == "month" else "('time', 'day')"
    conditions = [f"seized_day BETWEEN '{bucket.start}' AND '{bucket.end}'", f"seized_precision IN {precisions}"]
    if agency:
        conditions.insert(0, f"agency = '{agency}'")
    if group:
        conditions.append(f"has(`lines.commodity_group`, '{group}')")
    return f"SELECT * FROM seizures WHERE {' AND '.join(conditions)} ORDER BY seized_day, case_no"


def of_arrivals(agency: str, day: Span, offset: int) -> str:
    """The seizures that came on a local day, whatever day they are about; ``offset`` is in minutes."""
    zone = f"toDate(received_at + INTERVAL {offset} MINUTE)"
    return f"SELECT * FROM seizures WHERE agency = '{agency}' AND {zone} = '{day.start}' ORDER BY seized_day, case_no"


def of_events(events: Sequence[str]) -> str:
    """Seizures by event id."""
    return f"SELECT * FROM seizures WHERE event_id IN ({', '.join(repr(str(event)) for event in events)}) ORDER BY seized_day, case_no"
