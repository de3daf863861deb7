"""``answers.v1`` -> ``answers``: what subscribers did about their notifications."""

from __future__ import annotations

from schemas.topics import ANSWERS
from sinks.clickhouse.table import Table

TABLE = Table(
    name="answers",
    topic=ANSWERS,
    shape="Tuple(subscription String, kind String, at String, notification_id UUID, series String,"
    " until String, verdict String, text String)",
    sound="r.subscription != '' AND r.kind != ''",
    columns=(
        ("subscription", "r.subscription"),
        ("kind", "r.kind"),
        ("at", "parseDateTime64BestEffort(r.at, 3, 'UTC')"),
        ("notification_id", "r.notification_id"),
        ("series", "r.series"),
        ("until", "if(r.until = '', NULL, parseDateTime64BestEffort(r.until, 3, 'UTC'))"),
        ("verdict", "r.verdict"),
        ("text", "r.text"),
    ),
)
