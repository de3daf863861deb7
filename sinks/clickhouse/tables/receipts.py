"""``receipts.<agency>.v1`` of every agency -> ``receipts``: what became of each message."""

from __future__ import annotations

from schemas.topics import RECEIPTS
from sinks.clickhouse.table import Table

TABLE = Table(
    name="receipts",
    topic=RECEIPTS,
    shape="Tuple(source_topic String, source_offset UInt64, agency String, case_no String, outcome String, event_id UUID,"
    " version UInt16, reason String, field String, detail String,"
    " warnings Array(Tuple(code String, field String, detail String)), received_at String)",
    sound="r.source_topic != '' AND r.agency != '' AND r.outcome != ''",
    columns=(
        ("source_topic", "r.source_topic"),
        ("source_offset", "r.source_offset"),
        ("agency", "r.agency"),
        ("case_no", "r.case_no"),
        ("outcome", "r.outcome"),
        ("event_id", "r.event_id"),
        ("version", "r.version"),
        ("reason", "r.reason"),
        ("field", "r.field"),
        ("detail", "r.detail"),
        ("warnings.code", "r.warnings.code"),
        ("warnings.field", "r.warnings.field"),
        ("warnings.detail", "r.warnings.detail"),
        ("received_at", "parseDateTime64BestEffort(r.received_at, 3, 'UTC')"),
    ),
)
