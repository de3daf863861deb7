CREATE TABLE IF NOT EXISTS redriven
(
  _topic LowCardinality(String) COMMENT 'Kafka topic of the dead letter',
  _partition UInt16 COMMENT 'Partition of that topic',
  _offset UInt64 COMMENT 'Offset in that partition',
  target LowCardinality(String) COMMENT 'Table that the record was meant for',
  outcome LowCardinality(String) COMMENT 'stored: the record is in its table now; refused again: it is not',
  error String COMMENT 'Why ClickHouse refused it again',
  redriven_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When'
)
ENGINE = MergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What became of dead letters that mekong sink redrive took up. The dead letters themselves stay: they hold the sink''s position'
