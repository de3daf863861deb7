# ruff: noqa: S608 - the parts of the queries are our own
"""Declares the tables of a briefing about pairs of members: warnings with their answers, and cases that belong together."""

from __future__ import annotations

from mekong.schemas.tables.briefing.scope import CASES, OF_PHASE, SPAN, notes
from mekong.schemas.tables.shape import Computed
from mekong.schemas.tables.view import View

_WARNED = f"""SELECT event_id, agency, agency_country, case_no, arrayJoin(warned) AS member, ifNull(reported_at, received_at) AS warned_at
  FROM ({notes("warning", "event_id, agency, agency_country, case_no, warned, reported_at, received_at")})
  WHERE toDate(warned_at) BETWEEN span.1 AND span.2"""
_FED_BACK = f"""SELECT in_reply_to, agency AS member, min(ifNull(reported_at, received_at)) AS answered_at,
    argMin(outcome, ifNull(reported_at, received_at)) AS said, count() AS answers
  FROM ({notes("feedback", "in_reply_to, agency, outcome, reported_at, received_at")}) GROUP BY in_reply_to, member"""
WARNINGS = View(
    "briefing_warnings",
    "Warnings of a phase, a row for each member that one names, with that member's first feedback",
    f"""WITH {SPAN}
SELECT
  {{columns}}
FROM ({_WARNED}) AS w LEFT JOIN ({_FED_BACK}) AS f ON f.in_reply_to = w.event_id AND f.member = w.member""",
    columns=(
        Computed("agency", "w.agency", "Agency that sent the warning"),
        Computed("case_no", "w.case_no", "That agency's number of it"),
        Computed("member", "w.member", "Agency that it names"),
        Computed("sender_country", "w.agency_country", "Country of the sender; code list countries"),
        Computed("warned_day", "toDate(w.warned_at)", "Day of the warning (UTC)"),
        Computed("answered", "f.answers > 0", "Whether that agency sent feedback"),
        Computed(
            "hours_to_feedback",
            "if(f.answers = 0, NULL, round(dateDiff('second', w.warned_at, f.answered_at) / 3600, 1))",
            "Hours from the warning to the first feedback; NULL without feedback",
        ),
        Computed("outcome", "f.said", "What the feedback said; code list feedback_outcomes"),
    ),
)
_JOINED = f"SELECT agency, agency_country, case_no, event_id, seized_day, arrayJoin(related_to) AS other FROM {CASES} WHERE {OF_PHASE}"
JOINT = View(
    "briefing_joint",
    "Cases of a phase that a member has related to a case of another agency (related_to), a row for each pair",
    f"""SELECT
  {{columns}}
FROM ({_JOINED}) AS c
INNER JOIN (SELECT agency, agency_country, case_no, event_id FROM {CASES}) AS o ON o.event_id = c.other
WHERE c.agency != o.agency""",
    columns=(
        Computed("agency", "c.agency", "Agency that named the other case"),
        Computed("case_no", "c.case_no", "Its number of its own case"),
        Computed("country", "c.agency_country", "Country of this agency; code list countries"),
        Computed("seized_day", "c.seized_day", "Local date at the place of seizure"),
        Computed("other_agency", "o.agency", "Agency of the other case"),
        Computed("other_case_no", "o.case_no", "Its number of it"),
        Computed("other_country", "o.agency_country", "Country of that agency; code list countries"),
    ),
)
