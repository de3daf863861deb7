# ruff: noqa: S608 - the parts of the queries are our own
"""Declares the tables of a briefing about the reports: quality of the data, what changed since an edition, and time to act."""

from __future__ import annotations

from mekong.schemas.tables.briefing.counts import MEMBERS_OF_PHASE
from mekong.schemas.tables.briefing.scope import AT, CASES, CASES_BEFORE, KG, OF_PHASE, RECEPTION, SPAN, notes
from mekong.schemas.tables.shape import Computed
from mekong.schemas.tables.view import View

_MISSING = {
    "no_quantity": ("arrayExists(one -> one IS NULL, `lines.quantity`)", "Cases with a line without a quantity"),
    "no_route": ("empty(origins) OR empty(destinations)", "Cases without origin or destination"),
    "no_transport": ("transport_mode = ''", "Cases without means of transport"),
    "no_concealment": ("empty(concealment_methods)", "Cases without concealment"),
    "no_detection": ("empty(detection_methods)", "Cases without detection method"),
    "no_place": ("place = '' AND lat IS NULL", "Cases without place and coordinates"),
    "unknown_goods": ("has(`lines.code`, '')", "Cases with goods that are not on the code lists"),
}
_OF_CASES = ", ".join(f"countIf({sql}) AS {name}" for name, (sql, _) in _MISSING.items())
QUALITY = View(
    "briefing_quality",
    "Briefing table 9: quality of the data by member. Messages: those from the first to the last message about a case of the phase",
    f"""WITH {RECEPTION}
SELECT
  {{columns}}
FROM {MEMBERS_OF_PHASE} AS m
LEFT JOIN
(
  SELECT agency, count() AS cases, countIf(version > 1) AS corrected, countIf(has(flags, 'suspected_duplicate')) AS suspected, {_OF_CASES}
  FROM {CASES} WHERE {OF_PHASE} GROUP BY agency
) AS c ON c.agency = m.agency
LEFT JOIN
(
  SELECT agency, count() AS messages, countIf(outcome = 'rejected') AS rejected, countIf(outcome = 'duplicate') AS duplicates,
    countIf(outcome = 'withdrawn') AS withdrawn
  FROM receipts
  WHERE reason != 'test_message' AND received_at BETWEEN reception.1 AND reception.2
  GROUP BY agency
) AS r ON r.agency = m.agency""",
    columns=(
        Computed("agency", "m.agency", "Code of the agency"),
        Computed("messages", "r.messages", "Messages of that time, of every kind"),
        Computed("rejected", "r.rejected", "Messages that were rejected"),
        Computed("duplicates", "r.duplicates", "Messages that said the same again"),
        Computed("withdrawn", "r.withdrawn", "Messages that withdrew a case"),
        Computed("cases", "c.cases", "Cases of the phase"),
        Computed("corrected", "c.corrected", "Cases that were corrected"),
        Computed("suspected_duplicates", "c.suspected", "Cases with the same content as another one"),
        *(Computed(name, f"c.{name}", comment) for name, (_, comment) in _MISSING.items()),
    ),
)
CHANGES = View(
    "briefing_changes",
    "Briefing table 10: what changed by member since the edition whose cut-off was since, by the same choice of cases",
    f"""SELECT
  {{columns}}
FROM
(
  SELECT event_id, agency, toUInt16(0) AS version_before, version AS version_now, toInt64(0) AS mg_before, mass_mg AS mg_now
  FROM {CASES} WHERE {OF_PHASE}
  UNION ALL
  SELECT event_id, agency, version, toUInt16(0), mass_mg, toInt64(0)
  FROM {CASES_BEFORE} WHERE {OF_PHASE}
)
GROUP BY agency""",
    columns=(
        Computed("agency", "agency", "Code of the reporting agency"),
        Computed("cases_before", "uniqExactIf(event_id, version_before > 0)", "Cases in that edition"),
        Computed("cases_now", "uniqExactIf(event_id, version_now > 0)", "Cases now"),
        Computed(
            "added",
            "toInt64(uniqExact(event_id)) - toInt64(cases_before)",
            "Cases that were not in that edition",
        ),
        Computed(
            "removed",
            "toInt64(uniqExact(event_id)) - toInt64(cases_now)",
            "Cases of that edition that were withdrawn, or count no longer for this phase or under this marking",
        ),
        Computed(
            "corrected",
            "toInt64(uniqExact(event_id, version_before + version_now)) - toInt64(uniqExact(event_id))",
            "Cases in both with another version",
        ),
        Computed("mass_kg_before", KG.format("sum(mg_before)"), "Mass in that edition in kilograms; exact"),
        Computed("mass_kg_now", KG.format("sum(mg_now)"), "Mass now in kilograms; exact"),
    ),
)
_WARNED = f"""SELECT event_id, arrayJoin(warned) AS member, ifNull(reported_at, received_at) AS warned_at
  FROM ({notes("warning", "event_id, warned, reported_at, received_at")})
  WHERE toDate(warned_at) BETWEEN span.1 AND span.2"""
_FED_BACK = f"""SELECT in_reply_to, agency AS member, min(ifNull(reported_at, received_at)) AS answered_at
  FROM ({notes("feedback", "in_reply_to, agency, reported_at, received_at")}) GROUP BY in_reply_to, member"""
_NOTIFIED = f"""SELECT member, count() AS sent, countIf(answered IS NOT NULL) AS judged,
    quantileExactInclusiveIf(0.5)(ifNull(dateDiff('second', n.sent_at, answered), 0), answered IS NOT NULL) AS seconds
  FROM
  (
    SELECT notification_id, any(member) AS member, min(_timestamp) AS sent_at FROM notifications
    WHERE _timestamp <= {AT} AND reason IN ('alert', 'warning')
      AND _timestamp BETWEEN reception.1 AND reception.2
    GROUP BY notification_id
  ) AS n
  LEFT JOIN
  (
    SELECT notification_id, min(toNullable(at)) AS answered FROM answers WHERE at <= {AT} GROUP BY notification_id
  ) AS a ON a.notification_id = n.notification_id
  GROUP BY member"""
RESPONSE = View(
    "briefing_response",
    "Time to act by member: from a warning that names it to its feedback, and from a notification to its first answer",
    f"""WITH {SPAN}, {RECEPTION}
SELECT
  {{columns}}
FROM {MEMBERS_OF_PHASE} AS m
LEFT JOIN
(
  SELECT w.member AS member, count() AS warnings, countIf(f.answered_at >= w.warned_at) AS answered,
    quantileExactInclusiveIf(0.5)(dateDiff('second', w.warned_at, f.answered_at), f.answered_at >= w.warned_at) AS seconds
  FROM ({_WARNED}) AS w LEFT JOIN ({_FED_BACK}) AS f ON f.in_reply_to = w.event_id AND f.member = w.member
  GROUP BY w.member
) AS w ON w.member = m.agency
LEFT JOIN ({_NOTIFIED}) AS n ON n.member = m.agency""",
    columns=(
        Computed("agency", "m.agency", "Code of the agency"),
        Computed("warnings_received", "w.warnings", "Warnings that named it, between the first and the last day of the phase's cases"),
        Computed("warnings_answered", "w.answered", "Those to which it sent feedback"),
        Computed(
            "median_hours_to_feedback",
            "if(w.answered = 0, NULL, round(w.seconds / 3600, 1))",
            "Median of the hours from the warning to its first feedback",
        ),
        Computed("notifications", "n.sent", "Notifications about an alert or warning that went out while the phase was reported"),
        Computed("notifications_answered", "n.judged", "Those that a subscriber of the member answered"),
        Computed(
            "median_hours_to_answer",
            "if(n.judged = 0, NULL, round(n.seconds / 3600, 1))",
            "Median of the hours from the notification to its first answer",
        ),
    ),
)
