"""Tables 1 and 2: cases by commodity group, the change on the phase before, quantities and goods."""

from __future__ import annotations

from mekong.schemas.tables.briefing.counts import GOODS, GROUPS, QUANTITIES
from mekong.sinks.reports.change import change
from mekong.sinks.reports.shape import Kind, ReportTable, Show

_GROUP = Show("commodity_group", Kind.WORD, "commodity_groups")
_AMOUNTS = (
    Show("unit", Kind.WORD, "units"),
    Show("cases"),
    Show("lines"),
    Show("lines_unknown"),
    Show("quantity", Kind.AMOUNT),
    Show("mass_kg", Kind.KG),
)
TABLES = (
    ReportTable(
        "groups",
        1,
        (_GROUP, Show("cases"), Show("lines"), Show("agencies"), Show("mass_kg", Kind.KG)),
        ("commodity_group != ''", "cases DESC", "commodity_group"),
        GROUPS,
    ),
    ReportTable(
        "change",
        0,
        (
            _GROUP,
            Show("cases_before"),
            Show("cases"),
            Show("change", Kind.PERCENT),
            Show("same_before"),
            Show("same_now"),
            Show("same_change", Kind.PERCENT),
        ),
        (),
        made=change,
    ),
    ReportTable("quantities", 2, (_GROUP, *_AMOUNTS), ("commodity_group", "lines DESC", "unit"), QUANTITIES),
    ReportTable(
        "goods",
        0,
        (_GROUP, Show("goods", Kind.TEXT), *_AMOUNTS),
        ("cases DESC", "commodity_group", "goods", "unit"),
        GOODS,
        most=20,
    ),
)
