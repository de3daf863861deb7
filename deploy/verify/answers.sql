-- Each entry of the journal against the receipt of the message behind it, by topic and offset of that message.
-- {ends} stands for an array of (topic, offset up to which its messages were looked at).
SELECT countIf(receipts > 0) AS expected, countIf(entries > 0) AS found,
  countIf(receipts > 0 AND entries = 0) AS missing, sumIf(entries - 1, receipts > 0 AND entries > 1) AS doubled,
  countIf(receipts = 0) AS foreign, countIf(receipts > 0 AND entries > 0 AND differs) AS different,
  groupArrayIf(10)((source_topic, source_offset, receipts, entries), receipts = 0 OR entries != 1 OR differs) AS examples
FROM (
  SELECT source_topic, source_offset, countIf(is_receipt) AS receipts, countIf(NOT is_receipt) AS entries,
    uniqExact(event_id, version, case_no, agency, is_withdrawn) > 1 AS differs
  FROM (
    SELECT toString(source_topic) AS source_topic, source_offset, true AS is_receipt, event_id, version, toString(case_no) AS case_no,
      toString(agency) AS agency, outcome = 'withdrawn' AS is_withdrawn
    FROM receipts
    WHERE outcome NOT IN ('duplicate', 'stale', 'rejected')
    UNION ALL
    SELECT toString(source_topic), source_offset, false, event_id, version, toString(case_no), toString(agency), status = 'withdrawn'
    FROM journal
    WHERE kind = 'version'
  )
  WHERE source_offset < arrayFirst(e -> e.1 = source_topic, {ends}).2
  GROUP BY source_topic, source_offset
)
