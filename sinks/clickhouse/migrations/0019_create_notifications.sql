CREATE TABLE IF NOT EXISTS notifications
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  notification_id UUID COMMENT 'Identity of the notification; the webhook-id of its webhook',
  subscription LowCardinality(String) COMMENT 'Who gets it',
  member LowCardinality(String) COMMENT 'Member on whose behalf',
  reason LowCardinality(String) COMMENT 'alert, digest, warning, reminder, alive or test',
  raised_at DateTime64(3, 'UTC') COMMENT 'Time of what it is about',
  language LowCardinality(String) COMMENT 'en, vi or zh',
  subject String COMMENT 'Its subject',
  text String COMMENT 'Its text',
  alert_ids Array(UUID) COMMENT 'Alerts in it',
  event_ids Array(UUID) COMMENT 'Warnings and feedback in it'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Notifications that were decided to go out, a row for each subscriber and state'
