"""Tables of the other kinds of briefing: the joint evaluation, two countries, the plan of the next phase."""

from __future__ import annotations

from mekong.schemas.tables.briefing.links import JOINT, WARNINGS
from mekong.sinks.reports import between, joint
from mekong.sinks.reports.plan import plan
from mekong.sinks.reports.shape import Kind, ReportTable, Show

_AGENCY = Show("agency", Kind.AGENCY, "agencies")
_CASE = Show("case_no", Kind.TEXT)
_MEMBER = Show("member", Kind.AGENCY, "agencies")
_WARNED = Show("warned_day", Kind.DAY)
_WARNING = (_AGENCY, _CASE, _MEMBER, _WARNED)
_ANSWER = (Show("hours_to_feedback", Kind.MEDIAN), Show("outcome", Kind.WORD, "feedback_outcomes"))
_PAIR = (_AGENCY, _CASE, Show("seized_day", Kind.DAY), Show("other_agency", Kind.AGENCY, "agencies"), Show("other_case_no", Kind.TEXT))

READ = (
    ReportTable("warnings", 0, (*_WARNING, *_ANSWER), ("warned_day", "agency", "case_no", "member"), WARNINGS, most=-1),
    ReportTable("joint", 0, _PAIR, ("seized_day", "agency", "case_no", "other_agency", "other_case_no"), JOINT, most=-1),
)
"""What the tables between two countries are made of."""
BETWEEN = (
    ReportTable(
        "flows",
        0,
        (
            Show("origin", Kind.WORD, "countries"),
            Show("destination", Kind.WORD, "countries"),
            Show("cases"),
            Show("mass_kg", Kind.KG),
        ),
        (),
        made=between.flows,
    ),
    ReportTable("warned", 0, (*_WARNING, *_ANSWER), (), made=between.warned),
    ReportTable("joint_cases", 0, _PAIR, (), made=between.joint),
    ReportTable("open_questions", 0, _WARNING, (), made=between.open_questions),
)
JOINT_EVALUATION = (
    ReportTable(
        "phases",
        0,
        (
            Show("phase", Kind.WORD, "phases"),
            Show("members"),
            Show("agencies"),
            Show("cases"),
            Show("more"),
            Show("change", Kind.PERCENT),
            Show("more_same"),
            Show("more_joined"),
            Show("same_change", Kind.PERCENT),
        ),
        (),
        made=joint.phases,
    ),
    ReportTable(
        "published",
        0,
        (
            Show("phase", Kind.WORD, "phases"),
            Show("measure", Kind.SAID),
            Show("unit", Kind.SAID),
            Show("value_published", Kind.AMOUNT),
            Show("here", Kind.AMOUNT),
            Show("difference", Kind.AMOUNT),
            Show("kind", Kind.SAID),
            Show("source", Kind.TEXT),
        ),
        (),
        made=joint.compared,
    ),
)
PLAN = (
    ReportTable(
        "plan",
        0,
        (
            _AGENCY,
            Show("cases_before"),
            Show("cases"),
            Show("change", Kind.PERCENT),
            Show("gaps", Kind.SAID),
            Show("first_seen"),
            Show("focus", Kind.WORD, "commodity_groups"),
        ),
        (),
        made=plan,
    ),
)
