"""Writes the next migration from what ``schemas/tables`` declares. It starts its own empty ClickHouse for that and deletes it."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.tables import SHAPES, VIEWS
from mekong.schemas.tables.shape import Shape
from mekong.schemas.tables.view import View
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.gaps import Gaps, gaps, look, make, must_be_written
from mekong.sinks.clickhouse.migrate import CHECKSUMS, Migration, migrate, migrations

FOLDER = Path(__file__).resolve().parents[1] / "sinks" / "clickhouse" / "migrations"
_STARTS_WITHIN_S = 60.0


def write(name: str, folder: Path = FOLDER) -> Path:
    """Write the next migration and the line of its checksum; the new file.

    Raises Refused when the name is none, when nothing is to be written, or when a person must decide.
    """
    if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name):
        raise Refused(f"{name!r}: name it by what it does, in small letters, such as add_vessel_flag")
    if not (folder.parents[2] / "pyproject.toml").exists():
        raise Refused("a migration is written in a checkout of the source")
    if not os.access(folder, os.W_OK):
        raise Refused(f"{folder} may not be written to")
    statements = must_be_written(find_gaps())
    number = int(migrations()[-1].name[:4]) + 1
    made = Migration(f"{number:04}_{name}.sql", ";\n".join(statements) + ";\n" if len(statements) > 1 else statements[0] + "\n")
    with (folder / CHECKSUMS).open("a", encoding="utf-8") as checksums:
        checksums.write(f"{made.checksum}  {made.name}\n")
    (folder / made.name).write_text(made.statement, encoding="utf-8")
    return folder / made.name


def find_gaps(shapes: Sequence[Shape] = SHAPES, views: Sequence[View] = VIEWS) -> Gaps:
    """What all migrations together lack of what is declared, on the real engine."""
    with scratch() as server:
        return gaps_on(server, shapes, views)


def gaps_on(server: str, shapes: Sequence[Shape] = SHAPES, views: Sequence[View] = VIEWS) -> Gaps:
    """The same on a server that runs, in two databases that are dropped again; ``server`` is its URL, with any database."""
    mark = secrets.token_hex(6)
    made, declared = (Database(f"{server.rpartition('/')[0]}/{kind}_{mark}") for kind in ("made", "declared"))
    plain = Database(server, database="")
    try:
        migrate(f"{server.rpartition('/')[0]}/{made.name}")
        plain.command("CREATE DATABASE {name:Identifier}", name=declared.name)
        make(declared, shapes, views)
        return gaps(look(declared), look(made), shapes, views)
    finally:
        for database in (made, declared):
            plain.command("DROP DATABASE IF EXISTS {name:Identifier}", name=database.name)
            database.close()
        plain.close()


@contextmanager
def scratch() -> Iterator[str]:
    """A ClickHouse only for this, by its URL."""
    with tempfile.TemporaryDirectory(prefix="mekong-") as folder:
        server = ClickHouse(Path(folder) / "clickhouse", free_port(), f"scratch-{secrets.token_hex(8)}", secrets.token_hex(16))
        server.prepare()
        process = Process(server.command(), Path(folder) / "clickhouse.log", env=server.environment(), cwd=server.folder)
        try:
            deadline = time.monotonic() + _STARTS_WITHIN_S
            while not server.is_ready():
                if process.exit_code is not None or time.monotonic() > deadline:
                    raise Fatal(f"ClickHouse did not start: {process.last_words()}")
                time.sleep(0.02)
            yield server.url
        finally:
            process.kill()
