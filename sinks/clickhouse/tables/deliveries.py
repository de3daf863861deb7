"""``deliveries.v1`` -> ``deliveries``: every attempt to bring a notification to its subscriber."""

from __future__ import annotations

from schemas.topics import DELIVERIES
from sinks.clickhouse.table import Table

TABLE = Table(
    name="deliveries",
    topic=DELIVERIES,
    shape="Tuple(notification_id UUID, subscription String, channel String, state String, attempt UInt32, at String, raised_at String,"
    " detail String)",
    sound="r.subscription != '' AND r.state IN ('sent', 'retrying', 'parked')",
    columns=(
        ("notification_id", "r.notification_id"),
        ("subscription", "r.subscription"),
        ("channel", "r.channel"),
        ("state", "r.state"),
        ("attempt", "r.attempt"),
        ("at", "parseDateTime64BestEffort(r.at, 3, 'UTC')"),
        ("raised_at", "parseDateTime64BestEffort(r.raised_at, 3, 'UTC')"),
        ("detail", "r.detail"),
    ),
)
