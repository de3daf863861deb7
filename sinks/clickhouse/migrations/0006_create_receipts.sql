CREATE TABLE IF NOT EXISTS receipts
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  source_topic LowCardinality(String) COMMENT 'Topic of the message the receipt is for',
  source_offset UInt64 COMMENT 'Offset of that message; with the topic it is the receipt''s identity',
  agency LowCardinality(String) COMMENT 'Code of the agency',
  case_no String COMMENT 'Case number in the message; empty when the message was too broken to tell',
  outcome LowCardinality(String) COMMENT 'accepted, corrected, withdrawn, duplicate, stale or rejected',
  event_id UUID COMMENT 'Event the message is about. Zeros when it was rejected',
  version UInt16 COMMENT 'The case''s current version after this message; 0 when it was rejected',
  reason LowCardinality(String) COMMENT 'Reason code of a rejection',
  field String COMMENT 'Field a rejection is about',
  detail String COMMENT 'Sentence that explains a rejection',
  `warnings.code` Array(LowCardinality(String)) COMMENT 'Warnings: code',
  `warnings.field` Array(String) COMMENT 'Warnings: field',
  `warnings.detail` Array(String) COMMENT 'Warnings: sentence',
  received_at DateTime64(3, 'UTC') COMMENT 'When the exchange received the message (the broker''s clock)'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'What became of each message of each agency: one receipt a message'
