CREATE TABLE IF NOT EXISTS buckets
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  agency LowCardinality(String) COMMENT 'Code of the agency',
  commodity_group LowCardinality(String) COMMENT 'Commodity group; empty for all groups together',
  bucket LowCardinality(String) COMMENT 'day or month',
  start Date COMMENT 'First day of the bucket',
  revision UInt32 COMMENT '0 when the bucket closed; each later change (late report, correction, withdrawal) adds one',
  closed_at DateTime64(3, 'UTC') COMMENT 'The tick that closed or changed it',
  tick_offset UInt64 COMMENT 'Offset of that tick in the journal',
  cases Int64 COMMENT 'Number of cases',
  lines Int64 COMMENT 'Number of their lines',
  mass_mg Int64 COMMENT 'Their mass in milligrams'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Days and months of a series that a tick has closed, with every later revision'
