"""``alerts.v1`` -> ``alerts``: every state of every alert that the statistics raised."""

from __future__ import annotations

from schemas.topics import ALERTS
from sinks.clickhouse.table import Table

TABLE = Table(
    name="alerts",
    topic=ALERTS,
    shape="Tuple(alert_id UUID, kind String, state String, tier String, series String, agency String, commodity_group String, network Bool,"
    " bucket Tuple(size String, start String, end String), opened String, raised_at String, observed Int64, expected Nullable(Float64),"
    " interval_50 Tuple(low Nullable(Int64), high Nullable(Int64)), interval_90 Tuple(low Nullable(Int64), high Nullable(Int64)),"
    " ratio Nullable(Float64), smallest Nullable(Int64), late_share Float64, event_ids Array(UUID), more UInt32,"
    " sentences Tuple(en String, vi String, zh String),"
    " explain Tuple(p Nullable(Float64), bits Nullable(Float64), q Nullable(Float64), e_value Nullable(Float64)), rules String)",
    sound="r.series != '' AND r.kind != '' AND r.state IN ('open', 'escalated', 'cleared')",
    columns=(
        ("alert_id", "r.alert_id"),
        ("kind", "r.kind"),
        ("state", "r.state"),
        ("tier", "r.tier"),
        ("series", "r.series"),
        ("agency", "r.agency"),
        ("commodity_group", "r.commodity_group"),
        ("bucket", "r.bucket.size"),
        ("start", "toDate(r.bucket.start)"),
        ("end", "toDate(r.bucket.end)"),
        ("opened", "toDate(r.opened)"),
        ("raised_at", "parseDateTime64BestEffort(r.raised_at, 3, 'UTC')"),
        ("observed", "r.observed"),
        ("expected", "r.expected"),
        ("low_50", "r.interval_50.low"),
        ("high_50", "r.interval_50.high"),
        ("low_90", "r.interval_90.low"),
        ("high_90", "r.interval_90.high"),
        ("ratio", "r.ratio"),
        ("smallest", "r.smallest"),
        ("late_share", "r.late_share"),
        ("event_ids", "r.event_ids"),
        ("more", "r.more"),
        ("sentence_en", "r.sentences.en"),
        ("sentence_vi", "r.sentences.vi"),
        ("sentence_zh", "r.sentences.zh"),
        ("p", "r.explain.p"),
        ("q", "r.explain.q"),
        ("bits", "r.explain.bits"),
        ("e_value", "r.explain.e_value"),
        ("rules", "r.rules"),
    ),
)
