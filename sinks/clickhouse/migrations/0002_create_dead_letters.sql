CREATE TABLE IF NOT EXISTS dead_letters
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  target LowCardinality(String) COMMENT 'Table that the record was meant for',
  code UInt16 COMMENT 'ClickHouse''s error code',
  error String COMMENT 'Why ClickHouse refused it',
  refused_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was refused'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Records that a table refused, as they are on the topic. Empty unless something is wrong with us'
