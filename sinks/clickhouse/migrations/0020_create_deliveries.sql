CREATE TABLE IF NOT EXISTS deliveries
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  notification_id UUID COMMENT 'Identity of the notification',
  subscription LowCardinality(String) COMMENT 'Who was to get it',
  channel LowCardinality(String) COMMENT 'webhook, mail or stream',
  state LowCardinality(String) COMMENT 'sent, retrying, or parked: given up',
  attempt UInt32 COMMENT 'Number of the attempt, from 1',
  at DateTime64(3, 'UTC') COMMENT 'End of the attempt',
  raised_at DateTime64(3, 'UTC') COMMENT 'Time of what the notification is about',
  detail String COMMENT 'Why it was not sent'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Attempts to deliver notifications. The view delivery_log has one row for each notification'
