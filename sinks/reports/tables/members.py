"""Table 3 and what belongs to it: members, their commodity groups, their time to act."""

from __future__ import annotations

from mekong.schemas.tables.briefing.counts import DAYS, MEMBER_GROUPS, MEMBERS
from mekong.schemas.tables.briefing.quality import RESPONSE
from mekong.sinks.reports.shape import Kind, ReportTable, Show

_AGENCY = Show("agency", Kind.AGENCY, "agencies")
TABLES = (
    ReportTable(
        "members",
        3,
        (
            _AGENCY,
            Show("cases"),
            Show("lines"),
            Show("mass_kg", Kind.KG),
            Show("warnings_sent"),
            Show("warnings_received"),
            Show("median_delay_days", Kind.MEDIAN),
        ),
        ("cases DESC", "agency"),
        MEMBERS,
    ),
    ReportTable(
        "member_groups",
        0,
        (_AGENCY, Show("commodity_group", Kind.WORD, "commodity_groups"), Show("cases"), Show("lines"), Show("mass_kg", Kind.KG)),
        ("agency", "commodity_group"),
        MEMBER_GROUPS,
        most=-1,
    ),
    ReportTable(
        "response",
        0,
        (
            _AGENCY,
            Show("warnings_received"),
            Show("warnings_answered"),
            Show("median_hours_to_feedback", Kind.MEDIAN),
            Show("notifications"),
            Show("notifications_answered"),
            Show("median_hours_to_answer", Kind.MEDIAN),
        ),
        ("warnings_received DESC", "notifications DESC", "agency"),
        RESPONSE,
    ),
    ReportTable("days", 0, (Show("day", Kind.DAY), Show("cases"), Show("alerts")), ("day",), DAYS, most=-1),
)
