ALTER TABLE rejections
  COMMENT COLUMN received_at 'When the exchange received the message (the broker''s clock)',
  COMMENT COLUMN agency 'Code of the agency',
  COMMENT COLUMN case_no 'Case number in the message; empty when the message was too broken to tell',
  COMMENT COLUMN reason 'Reason code of a rejection',
  COMMENT COLUMN field 'Field a rejection is about',
  COMMENT COLUMN detail 'Sentence that explains a rejection',
  COMMENT COLUMN source_topic 'Topic of the message the receipt is for',
  COMMENT COLUMN source_offset 'Offset of that message; with the topic it is the receipt''s identity'
