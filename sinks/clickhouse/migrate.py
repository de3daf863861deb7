"""Runs ``migrations/*.sql`` to bring a database to the newest schema. The statements of each file may be run twice.

Each file is applied once, in the order of its number. The table ``migrations`` has its checksum. A file that was changed after that is
refused, because deployments would then differ. To change a table, declare it in ``schemas/tables`` and run
``mekong migrate --new NAME``, which writes a file.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import NamedTuple

from mekong.schemas.errors import Refused
from mekong.sinks.clickhouse.client import Database

_NAME = re.compile(r"\d{4}_[a-z]+(_[a-z]+)+\.sql")
CHECKSUMS = "checksums.txt"
"""A file next to the migrations: the SHA-256 of each, as it was written. ``mekong migrate --new`` adds a line."""


class Migration(NamedTuple):
    """One file."""

    name: str
    statement: str
    """The complete file."""

    @property
    def statements(self) -> list[str]:
        """Its statements, in order: a line that ends with a semicolon ends one."""
        return self.statement.rstrip().removesuffix(";").split(";\n")

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, in hex."""
        return hashlib.sha256(self.statement.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Every migration, in order. Raises Refused when a file is not named ``NNNN_verb_noun.sql``."""
    found = sorted(
        (file for file in files(__package__).joinpath("migrations").iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    wrong = [file.name for file in found if not _NAME.fullmatch(file.name)]
    if wrong:
        raise Refused(f"{', '.join(wrong)}: a migration is named NNNN_verb_noun.sql")
    return [Migration(file.name, file.read_text(encoding="utf-8")) for file in found]


def migrate(url: str) -> list[str]:
    """Make the database when it is missing, apply what was not applied; the names of what was.

    Raises Refused when an applied file has changed or when the database is newer than this code.
    """
    server = Database(url, database="")
    server.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", name=server.name)
    server.close()
    database = Database(url)
    try:
        return _apply(database, migrations())
    finally:
        database.close()


def _apply(database: Database, wanted: list[Migration]) -> list[str]:
    ledger = wanted[0]
    database.command(ledger.statement)  # one statement
    applied = {str(name): str(checksum) for name, checksum in database.query("SELECT name, checksum FROM migrations").rows}
    unknown = sorted(applied.keys() - {migration.name for migration in wanted})
    if unknown:
        raise Refused(f"the database has migrations that this code does not know ({', '.join(unknown)}): it is newer than the code")
    fresh = []
    for migration in wanted:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise Refused(f"{migration.name} was changed after it was applied: undo that, and put the change into a new migration")
        if migration.name not in applied:
            for statement in migration.statements:
                database.command(statement)
            row = {"name": migration.name, "checksum": migration.checksum}
            database.command("INSERT INTO migrations (name, checksum) VALUES ({name:String}, {checksum:String})", **row)
            fresh.append(migration.name)
    return fresh
