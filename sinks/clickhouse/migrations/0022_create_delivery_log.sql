CREATE OR REPLACE VIEW delivery_log AS
SELECT
  n.notification_id AS notification_id, n.subscription AS subscription, n.member AS member, n.reason AS reason, n.subject AS subject,
  d.by AS channel, if(d.ended = '', 'pending', d.ended) AS state, d.attempts AS attempts, d.why AS detail,
  n.raised_at AS raised_at, n._timestamp AS decided_at, d.sent AS sent_at, a.answered AS answered_at, a.judged AS verdict,
  dateDiff('millisecond', n._timestamp, d.sent) / 1000 AS sent_after_s,
  dateDiff('millisecond', d.sent, a.answered) / 1000 AS answered_after_s
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
) AS a ON a.notification_id = n.notification_id
COMMENT 'A row for each notification: when it was raised, decided, sent and answered, and what is wrong with those that were not sent'
