"""Declares the tables ``alerts``, ``notifications``, ``deliveries`` and ``answers``, and the view that follows a notification."""

from __future__ import annotations

from mekong.schemas.tables.shape import TIME, TIME_OR_NULL, WORD, Column, Computed, Shape
from mekong.schemas.tables.view import View


def _given(ids: str) -> str:
    """The identities that there are: absent ones are zeros."""
    return f"arrayFilter(id -> id != toUUID('00000000-0000-0000-0000-000000000000'), {ids})"


ALERTS = Shape(
    "alerts",
    "What the statistics raised, a row for each state of an alert. Internal: an alert names cases of others",
    (
        Column("alert_id", "UUID", "Identity of this state of the alert: the same whenever the journal is folded again"),
        Column("kind", WORD, "Kind of alert, such as SPIKE or FIRST_SEEN; declared in schemas/alerts.py"),
        Column("state", WORD, "open, escalated or cleared"),
        Column("tier", WORD, "NOTICE, SPIKE or SEVERE"),
        Column("series", WORD, "What was judged: agency, agency/commodity group, network/commodity group or network"),
        Column("agency", WORD, "Code of the agency; empty for the network of all members"),
        Column("commodity_group", WORD, "Commodity group; empty for all groups together"),
        Column("bucket", WORD, "day, week or month: the length of the span that was judged", "bucket.size"),
        Column("start", "Date", "First day of that span", "bucket.start"),
        Column("end", "Date", "Last day of that span", "bucket.end"),
        Column("opened", "Date", "First day of the span that opened the alert"),
        Column("raised_at", TIME, "Time of the record or tick that raised it"),
        Column("observed", "Int64", "Cases in the span"),
        Column("expected", "Nullable(Float64)", "Cases that were to be expected"),
        Column("low_50", "Nullable(Int64)", "The half of chance lies from here", "interval_50.low"),
        Column("high_50", "Nullable(Int64)", "to here", "interval_50.high"),
        Column("low_90", "Nullable(Int64)", "Nine tenths of chance lie from here", "interval_90.low"),
        Column("high_90", "Nullable(Int64)", "to here", "interval_90.high"),
        Column("ratio", "Nullable(Float64)", "Observed over expected"),
        Column("smallest", "Nullable(Int64)", "The smallest count that would have opened an alert in this series"),
        Column("late_share", "Float64", "Of the observed cases, those that came after their span had closed"),
        Column("event_ids", "Array(UUID)", "The first 50 events behind it"),
        Column("more", "UInt32", "Further events behind it"),
        Column("sentence_en", "String", "The alert in a plain sentence, English", "sentences.en"),
        Column("sentence_vi", "String", "The same in Vietnamese", "sentences.vi"),
        Column("sentence_zh", "String", "The same in Chinese", "sentences.zh"),
        Column("p", "Nullable(Float64)", "Probability of so much by chance", "explain.p"),
        Column("q", "Nullable(Float64)", "Benjamini-Hochberg among the series judged with it", "explain.q"),
        Column("bits", "Nullable(Float64)", "-log2 of p", "explain.bits"),
        Column("e_value", "Nullable(Float64)", "Evidence of the series so far", "explain.e_value"),
        Column("rules", WORD, "Version of the rules it was raised under"),
    ),
    left_out=("format", "network", "sql", "journal_offset", "stands_out", "explain.completeness", "explain.dispersion", "explain.e_bh"),
)

NOTIFICATIONS = Shape(
    "notifications",
    "Notifications that were decided to go out, a row for each subscriber and state",
    (
        Column("notification_id", "UUID", "Identity of the notification; the webhook-id of its webhook"),
        Column("subscription", WORD, "Who gets it"),
        Column("member", WORD, "Member on whose behalf"),
        Column("reason", WORD, "alert, digest, warning, reminder, alive, weekly or test"),
        Column("raised_at", TIME, "Time of what it is about"),
        Column("language", WORD, "en, vi or zh"),
        Column("subject", "String", "Its subject"),
        Column("text", "String", "Its text"),
        Column("alert_ids", "Array(UUID)", "Alerts in it", sql=_given("r.items.alert_id"), needs=("items[].alert_id UUID",)),
        Column("event_ids", "Array(UUID)", "Warnings and feedback in it", sql=_given("r.items.event_id"), needs=("items[].event_id UUID",)),
    ),
    left_out=("format",),
)

DELIVERIES = Shape(
    "deliveries",
    "Attempts to deliver notifications. The view delivery_log has one row for each notification",
    (
        Column("notification_id", "UUID", "Identity of the notification"),
        Column("subscription", WORD, "Who was to get it"),
        Column("channel", WORD, "Channel, such as mail; declared in schemas/channels.py"),
        Column("state", WORD, "sent, retrying, or parked: not tried again"),
        Column("attempt", "UInt32", "Number of the attempt, from 1"),
        Column("at", TIME, "End of the attempt"),
        Column("raised_at", TIME, "Time of what the notification is about"),
        Column("detail", "String", "Why it was not sent"),
    ),
    left_out=("format", "gone"),
)

ANSWERS = Shape(
    "answers",
    "Answers to notifications and alerts: acknowledged, muted, judged, noted, snoozed, undone",
    (
        Column("subscription", WORD, "Who answers: a subscription, or the short name of a person at the live page"),
        Column("kind", WORD, "acknowledge, mute, verdict, note, snooze, undo or test"),
        Column("at", TIME, "When"),
        Column("notification_id", "UUID", "Notification answered; zeros when it is about none"),
        Column("alert_id", "UUID", "Alert answered at the live page; zeros for an answer to a notification"),
        Column("answer_id", "UUID", "Identity of an answer by a form; zeros for one by a command"),
        Column("undoes", "UUID", "Answer that counts no longer: its answer_id; zeros when it undoes none"),
        Column("series", WORD, "Series of a mute"),
        Column("until", TIME_OR_NULL, "End of a mute or snooze"),
        Column("verdict", WORD, "real, explained or false"),
        Column("text", "String", "Reason of a mute, or a note to the next on duty"),
    ),
    left_out=("format",),
)

DELIVERY_LOG = View(
    "delivery_log",
    "A row for each notification: when it was raised, decided, sent and answered, and what is wrong with those that were not sent",
    """SELECT
  {columns}
FROM notifications AS n
LEFT JOIN
(
  SELECT
    notification_id, any(channel) AS by, argMax(state, attempt) AS ended, max(attempt) AS attempts, argMax(detail, attempt) AS why,
    minIf(toNullable(at), state = 'sent') AS sent
  FROM deliveries GROUP BY notification_id
) AS d ON d.notification_id = n.notification_id
LEFT JOIN
(
  SELECT notification_id, min(toNullable(at)) AS answered, argMaxIf(verdict, at, verdict != '') AS judged
  FROM answers GROUP BY notification_id
) AS a ON a.notification_id = n.notification_id""",
    columns=(
        Computed("notification_id", "n.notification_id", "Identity of the notification; the webhook-id of its webhook"),
        Computed("subscription", "n.subscription", "Who gets it"),
        Computed("member", "n.member", "Member on whose behalf"),
        Computed("reason", "n.reason", "alert, digest, warning, reminder, alive, weekly or test"),
        Computed("subject", "n.subject", "Its subject"),
        Computed("channel", "d.by", "webhook, mail or stream; empty before the first attempt"),
        Computed("state", "if(d.ended = '', 'pending', d.ended)", "sent, retrying, parked (given up), or pending: no attempt yet"),
        Computed("attempts", "d.attempts", "Number of attempts so far"),
        Computed("detail", "d.why", "Why the last attempt was not successful"),
        Computed("raised_at", "n.raised_at", "Time of what the notification is about"),
        Computed("decided_at", "n._timestamp", "When it was decided that it goes out (Kafka's clock)"),
        Computed("sent_at", "d.sent", "When it was sent; NULL when it was not"),
        Computed("answered_at", "a.answered", "When its subscriber first answered; NULL when nobody did"),
        Computed("verdict", "a.judged", "The last verdict: real, explained or false; empty when there is none"),
        Computed("sent_after_s", "dateDiff('millisecond', n._timestamp, d.sent) / 1000", "Seconds from the decision until it was sent"),
        Computed(
            "answered_after_s", "dateDiff('millisecond', d.sent, a.answered) / 1000", "Seconds from the sending until the first answer"
        ),
    ),
)
