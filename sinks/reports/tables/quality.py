"""Tables 9 and 10: quality of the data, and what changed since the last edition."""

from __future__ import annotations

from mekong.schemas.tables.briefing.quality import CHANGES, QUALITY
from mekong.sinks.reports.shape import Kind, ReportTable, Show

_AGENCY = Show("agency", Kind.AGENCY, "agencies")
TABLES = (
    ReportTable(
        "quality",
        9,
        (_AGENCY, *(Show(column.name) for column in QUALITY.columns[1:])),
        ("rejected DESC", "agency"),
        QUALITY,
    ),
    ReportTable(
        "changes",
        10,
        (
            _AGENCY,
            Show("cases_before"),
            Show("cases_now"),
            Show("added"),
            Show("removed"),
            Show("corrected"),
            Show("mass_kg_before", Kind.KG),
            Show("mass_kg_now", Kind.KG),
        ),
        ("added + removed + corrected DESC", "agency"),
        CHANGES,
        needs_since=True,
    ),
)
