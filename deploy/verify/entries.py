"""Finds receipts and journal entries in ClickHouse that do not match."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from mekong.deploy.verify.report import Check
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.table import quoted

_FIGURES = ("expected", "found", "missing", "doubled", "foreign", "different")


def check_entries(database: Database, ends: Mapping[str, int]) -> Check:
    """Compare what was accepted of the messages before ``ends``, by topic."""
    check = Check("entries answered", "each entry of the journal has the receipt of its message, and each that took a message an entry")
    if not ends:
        return check
    sql = files(__package__).joinpath("answers.sql").read_text(encoding="utf-8")
    written = "[" + ", ".join(f"({quoted(topic)}, toUInt64({end}))" for topic, end in sorted(ends.items())) + "]"
    *figures, examples = database.query(sql.replace("{ends}", written)).rows[0]
    for name, figure in zip(_FIGURES, figures, strict=True):
        setattr(check, name, int(figure))
    for topic, offset, receipts, entries in examples:
        differ = ", and they differ" if receipts and entries else ""
        check.say(f"{topic} offset {offset} has {receipts} receipts that took it and {entries} entries{differ}")
    return check
