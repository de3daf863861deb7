CREATE TABLE IF NOT EXISTS migrations
(
  name String COMMENT 'File of the migration',
  checksum String COMMENT 'SHA-256 of the file as it was applied: an applied file must not change',
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied'
)
ENGINE = MergeTree
ORDER BY name
COMMENT 'Ledger of the schema: which migration files were applied to this database'
