CREATE OR REPLACE VIEW delivery_log AS
SELECT
  n.notification_id AS notification_id, n.subscription AS subscription, n.member AS member, n.reason AS reason, n.subject AS subject,
  d.channel AS channel, if(d.state = '', 'pending', d.state) AS state, d.attempts AS attempts, d.detail AS detail,
  n.raised_at AS raised_at, n._timestamp AS decided_at, d.sent_at AS sent_at, a.answered_at AS answered_at, a.verdict AS verdict,
  dateDiff('millisecond', n._timestamp, d.sent_at) / 1000 AS sent_after_s,
  dateDiff('millisecond', d.sent_at, a.answered_at) / 1000 AS answered_after_s
FROM notifications AS n
LEFT JOIN
(
  SELECT
    notification_id, any(channel) AS channel, argMax(state, attempt) AS state, max(attempt) AS attempts, argMax(detail, attempt) AS detail,
    minIf(toNullable(at), state = 'sent') AS sent_at
  FROM deliveries GROUP BY notification_id
) AS d ON d.notification_id = n.notification_id
LEFT JOIN
(
  SELECT notification_id, min(toNullable(at)) AS answered_at, argMaxIf(verdict, at, verdict != '') AS verdict
  FROM answers GROUP BY notification_id
) AS a ON a.notification_id = n.notification_id
COMMENT 'A row for each notification: when it was raised, decided, sent and answered, and what is wrong with those that were not sent'
