"""Reads one alert from ClickHouse: its states, the counts of its series, the cases behind it, what people said about it."""

from __future__ import annotations

from uuid import UUID

from mekong.schemas.alerts import Alert
from mekong.schemas.wire import decode
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.history import before
from mekong.sinks.console import queries
from mekong.sinks.console.triage.values import Behind, Found


def read_alert(database: Database, alert_id: UUID) -> Found | None:
    """The alert that has a state of this id; None when ClickHouse has none."""
    rows = database.query(queries.ONE_ALERT, id=alert_id).rows
    states = [decode(raw if isinstance(raw, bytes) else raw.encode(), Alert) for (raw,) in rows]
    if not states:
        return None
    alert = states[-1]
    cases = database.query(queries.CASES_OF, ids=list(alert.event_ids)).rows if alert.event_ids else []
    answers = queries.answers(database.query(queries.ANSWERS_TO, ids=[one.alert_id for one in states]).rows)
    return Found(alert, states, before(database, alert), [Behind(str(event_id), *rest) for event_id, *rest in cases], answers)
