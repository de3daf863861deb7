CREATE OR REPLACE VIEW rejections AS
SELECT received_at, agency, case_no, reason, field, detail, source_topic, source_offset
FROM receipts
WHERE outcome = 'rejected'
COMMENT 'Messages that were not taken, and why; a row a message'
