CREATE OR REPLACE VIEW rejections AS
SELECT received_at, agency, case_no, reason, field, detail, source_topic, source_offset, correlation_id
FROM receipts
WHERE outcome = 'rejected' AND reason != 'test_message'
COMMENT 'Messages that were not taken, and why; a row a message. Tests of the connection are not among them';
ALTER TABLE rejections
  COMMENT COLUMN received_at 'When the exchange received the message (the broker''s clock)',
  COMMENT COLUMN agency 'Code of the agency',
  COMMENT COLUMN case_no 'Case number in the message; empty when the message was too broken to tell',
  COMMENT COLUMN reason 'Reason code of a rejection',
  COMMENT COLUMN field 'Field a rejection is about',
  COMMENT COLUMN detail 'Sentence that explains a rejection',
  COMMENT COLUMN source_topic 'Topic of the message the receipt is for',
  COMMENT COLUMN source_offset 'Offset of that message; with the topic it is the receipt''s identity',
  COMMENT COLUMN correlation_id 'Value of the message''s header correlation_id, which the sender chose; empty when it had none';
