"""``notifications.v1`` -> ``notifications``: what was decided to go out, to whom and why."""

from __future__ import annotations

from schemas.topics import NOTIFICATIONS
from sinks.clickhouse.table import Table

TABLE = Table(
    name="notifications",
    topic=NOTIFICATIONS,
    shape="Tuple(notification_id UUID, subscription String, member String, reason String, raised_at String, language String,"
    " subject String, text String, items Array(Tuple(alert_id UUID, event_id UUID)))",
    sound="r.subscription != '' AND r.reason != ''",
    columns=(
        ("notification_id", "r.notification_id"),
        ("subscription", "r.subscription"),
        ("member", "r.member"),
        ("reason", "r.reason"),
        ("raised_at", "parseDateTime64BestEffort(r.raised_at, 3, 'UTC')"),
        ("language", "r.language"),
        ("subject", "r.subject"),
        ("text", "r.text"),
        ("alert_ids", "arrayFilter(id -> id != toUUID('00000000-0000-0000-0000-000000000000'), r.items.alert_id)"),
        ("event_ids", "arrayFilter(id -> id != toUUID('00000000-0000-0000-0000-000000000000'), r.items.event_id)"),
    ),
)
