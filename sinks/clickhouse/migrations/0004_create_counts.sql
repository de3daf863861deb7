CREATE TABLE IF NOT EXISTS counts
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  agency LowCardinality(String) COMMENT 'Code of the agency',
  commodity_group LowCardinality(String) COMMENT 'Commodity group; empty for all groups together',
  window LowCardinality(String) COMMENT 'Rolling 1h, 24h, 7d, 30d up to the tick, or calendar day, month, phase',
  start LowCardinality(String) COMMENT 'First day of a calendar window, the phase''s code, or empty for a rolling one',
  as_of DateTime64(3, 'UTC') COMMENT 'The tick the count is as of',
  tick_offset UInt64 COMMENT 'Offset of that tick in the journal: the count holds all that stands before it',
  cases Int64 COMMENT 'Number of cases',
  lines Int64 COMMENT 'Number of their lines',
  mass_mg Int64 COMMENT 'Their mass in milligrams'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Rolling counts by event time, a row each time one changed. The view current_counts has the newest of each'
