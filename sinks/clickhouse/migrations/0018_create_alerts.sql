CREATE TABLE IF NOT EXISTS alerts
(
  _topic LowCardinality(String) COMMENT 'Kafka topic the row came from',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition. Topic, partition and offset are the row''s identity, and the highest one is the sink''s position',
  _timestamp DateTime64(3, 'UTC') COMMENT 'Kafka''s timestamp of the record',
  _value String COMMENT 'The record as it is on the topic (JSON), for what has no column of its own' CODEC(ZSTD(1)),
  alert_id UUID COMMENT 'Identity of this state of the alert: the same whenever the journal is folded again',
  kind LowCardinality(String) COMMENT 'SPIKE, RETRO_SPIKE, BULK_REPORT, FIRST_SEEN, SILENCE or MAJOR',
  state LowCardinality(String) COMMENT 'open, escalated or cleared',
  tier LowCardinality(String) COMMENT 'NOTICE, SPIKE or SEVERE',
  series LowCardinality(String) COMMENT 'What was judged: agency, agency/commodity group, network/commodity group or network',
  agency LowCardinality(String) COMMENT 'Code of the agency; empty for the network of all members',
  commodity_group LowCardinality(String) COMMENT 'Commodity group; empty for all groups together',
  bucket LowCardinality(String) COMMENT 'day, week or month: the length of the span that was judged',
  start Date COMMENT 'First day of that span',
  end Date COMMENT 'Last day of that span',
  opened Date COMMENT 'First day of the span that opened the alert',
  raised_at DateTime64(3, 'UTC') COMMENT 'Time of the record or tick that raised it',
  observed Int64 COMMENT 'Cases in the span',
  expected Nullable(Float64) COMMENT 'Cases that were to be expected',
  low_50 Nullable(Int64) COMMENT 'The half of chance lies from here',
  high_50 Nullable(Int64) COMMENT 'to here',
  low_90 Nullable(Int64) COMMENT 'Nine tenths of chance lie from here',
  high_90 Nullable(Int64) COMMENT 'to here',
  ratio Nullable(Float64) COMMENT 'Observed over expected',
  smallest Nullable(Int64) COMMENT 'The smallest count that would have opened an alert in this series',
  late_share Float64 COMMENT 'Of the observed cases, those that came after their span had closed',
  event_ids Array(UUID) COMMENT 'The first 50 events behind it',
  more UInt32 COMMENT 'Further events behind it',
  sentence_en String COMMENT 'The alert in a plain sentence, English',
  sentence_vi String COMMENT 'The same in Vietnamese',
  sentence_zh String COMMENT 'The same in Chinese',
  p Nullable(Float64) COMMENT 'Probability of so much by chance',
  q Nullable(Float64) COMMENT 'Benjamini-Hochberg among the series judged with it',
  bits Nullable(Float64) COMMENT '-log2 of p',
  e_value Nullable(Float64) COMMENT 'Evidence of the series so far',
  rules LowCardinality(String) COMMENT 'Version of the rules it was raised under'
)
ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'What the statistics raised, a row for each state of an alert. Internal: an alert names cases of others'
