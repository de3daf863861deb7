"""Writes a file for the live page, by the code of ``mekong export``: the same markings hold back the same cases."""

from __future__ import annotations

from pathlib import Path

from mekong.deploy.exports.run import export, positions
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.explore.files import MOST_CASES, Counted, Wanted
from mekong.sinks.exports import BY_NAME
from mekong.sinks.exports.query import Account, Question, account


def write_file(settings: Settings, wanted: Wanted, path: Path) -> Counted:
    """Write the cases that may leave. Raises Refused when they are too many, Retriable, Fatal."""
    one = BY_NAME[wanted.form]
    database = Database(settings.clickhouse())
    try:
        asked = Question(wanted.where, positions(database), wanted.level, real_only=not one.tells_simulated, known_at=wanted.known_at)
        found = Account(*map(int, database.query(account(asked)).rows[0]))
        if found.leaving > MOST_CASES:
            raise Refused(f"the file would have {found.leaving:,} cases: choose less, or use the command `mekong export`")
        written = export(database, one, asked, path)
    finally:
        database.close()
    return Counted(found.matching, written.cases)
