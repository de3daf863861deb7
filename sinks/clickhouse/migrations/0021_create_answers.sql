CREATE TABLE IF NOT EXISTS answers
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  subscription LowCardinality(String) COMMENT 'Who answers',
  kind LowCardinality(String) COMMENT 'acknowledge, mute, verdict, note or test',
  at DateTime64(3, 'UTC') COMMENT 'When',
  notification_id UUID COMMENT 'Notification answered; zeros when it is about none',
  series LowCardinality(String) COMMENT 'Series of a mute',
  until Nullable(DateTime64(3, 'UTC')) COMMENT 'End of a mute',
  verdict LowCardinality(String) COMMENT 'real, explained or false',
  text String COMMENT 'Reason of a mute, or a note to the next on duty'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Answers of subscribers: acknowledged, muted, judged, noted'
