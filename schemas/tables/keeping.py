"""Declares the exchange's own tables: the ledger of migrations, the dead letters, and what became of the dead letters."""

from __future__ import annotations

from mekong.schemas.tables.shape import TIME, WORD, Column, Shape

_DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"

MIGRATIONS = Shape(
    "migrations",
    "Ledger of the schema: which migration files were applied to this database",
    (
        Column("name", "String", "File of the migration"),
        Column("checksum", "String", "SHA-256 of the file as it was applied: an applied file must not change"),
        Column("applied_at", TIME, "When it was applied", default="now64(3)"),
    ),
    ending="ENGINE = MergeTree\nORDER BY name",
)
DEAD_LETTERS = Shape(
    "dead_letters",
    "Records that a table refused, as they are on the topic. Empty unless something is wrong with us",
    (
        Column("target", WORD, "Table that the record was meant for"),
        Column("code", "UInt16", "ClickHouse's error code"),
        Column("error", "String", "Why ClickHouse refused it"),
        Column("refused_at", TIME, "When it was refused", default="now64(3)"),
    ),
)
REDRIVEN = Shape(
    "redriven",
    "What became of dead letters that mekong sink redrive took up. The dead letters themselves stay: they hold the sink's position",
    (
        Column("_topic", WORD, "Kafka topic of the dead letter"),
        Column("_partition", "UInt16", "Partition of that topic"),
        Column("_offset", "UInt64", "Offset in that partition"),
        Column("target", WORD, "Table that the record was meant for"),
        Column("outcome", WORD, "stored: the record is in its table now; refused again: it is not"),
        Column("error", "String", "Why ClickHouse refused it again"),
        Column("redriven_at", TIME, "When", default="now64(3)"),
    ),
    ending=f"ENGINE = MergeTree\nORDER BY (_topic, _partition, _offset)\nSETTINGS {_DURABLE}",
)
