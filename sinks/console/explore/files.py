"""Writes the cases of a choice as a file, as ``mekong export`` does: one file at a time, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import NamedTuple

from mekong.schemas.tlp import LEVELS
from mekong.sinks.console.asker import Busy
from mekong.sinks.console.explore.choice import Choice

FORMATS = {"csv": "csv", "xlsx": "simple"}
"""Suffix of the file -> format of the export."""
LEVEL = "TLP:GREEN"
"""The strictest marking that leaves when nobody has said another one."""
MOST_CASES = 50_000
"""For more there is the command."""


class Wanted(NamedTuple):
    """What a file is to have."""

    form: str
    """The format of the export."""
    where: str
    """A checked condition."""
    level: str
    known_at: datetime | None


class Counted(NamedTuple):
    """How many cases match, and how many are in the file."""

    matching: int
    written: int


Export = Callable[[Wanted, Path], Counted]
"""Writes the file; deploy knows how. Raises Refused, Retriable."""


class Made(NamedTuple):
    """A file that was made. ``remove`` it after it was sent."""

    path: Path
    name: str

    def remove(self) -> None:
        """Remove the file and its folder."""
        rmtree(self.path.parent, ignore_errors=True)


def wanted(choice: Choice, suffix: str, level: str) -> Wanted:
    """What a file of a choice is to have."""
    return Wanted(FORMATS.get(suffix, FORMATS["csv"]), choice.where, level if level in LEVELS else LEVEL, choice.known_at)


class Files:
    """Used on one event loop."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._writing = ThreadPoolExecutor(1, "console-file")
        self._is_writing = False

    async def make(self, asked: Wanted, suffix: str) -> Made:
        """The file. Its name says how many of the cases it has. Raises Busy, Refused, Retriable, Fatal."""
        if self._is_writing:
            raise Busy("another file is being written: try again in a minute")
        self._is_writing = True
        making = asyncio.get_running_loop().run_in_executor(self._writing, self._make, asked, suffix)
        making.add_done_callback(self._done)
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(_remove)  # nobody waits for it any more
            raise

    def _done(self, _: asyncio.Future[Made]) -> None:
        self._is_writing = False

    def close(self) -> None:
        """Begin nothing more."""
        self._writing.shutdown(wait=False, cancel_futures=True)

    def _make(self, asked: Wanted, suffix: str) -> Made:
        path = Path(mkdtemp(prefix="mekong-")) / f"seizures.{suffix}"
        try:
            counted = self._export(asked, path)
        except BaseException:
            rmtree(path.parent, ignore_errors=True)
            raise
        level = asked.level.replace(":", "-").replace("+", "-")
        return Made(path, f"seizures-{counted.written}-of-{counted.matching}-{level}.{suffix}")


def _remove(made: asyncio.Future[Made]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().remove()
