"""The child process that reads one sheet: a piece of work on standard input, its result on standard output. Then it ends.

It is started by ``children.py``. Its memory and its time are limited before it reads the first byte of a sheet. It writes no file:
openpyxl, which would, writes its worksheets into memory here.
"""

from __future__ import annotations

import errno
import importlib
import os
import pickle
import resource
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer import excel

from mekong.producers.gateway.sheets import answers, proposing, reading
from mekong.producers.sheets.refused import Unreadable

MOST_MEMORY = 1_200_000_000
"""Bytes of address space."""
MOST_CPU_S = 60
MOST_FILE = 100_000_000
"""Bytes of one worksheet that is written into memory, which is outside the address space."""
MOST_ANSWER = 64_000_000
"""Bytes of the result, which the gateway has in its memory."""
_NICER = 5
WORKS: tuple[Callable[..., Any], ...] = (proposing.guessed, proposing.looked, reading.checked, reading.read, answers.answered)
"""All that a child does."""
DONE, UNREADABLE, TOO_MUCH, FAILED = "done", "unreadable", "too much", "failed"


class _InMemory(WorksheetWriter):  # type: ignore[misc]  # openpyxl has no types
    """Writes a worksheet into memory. openpyxl itself writes it to a file in the folder for temporary files."""

    def __init__(self, worksheet: Any) -> None:
        self._memory = os.memfd_create("worksheet")
        super().__init__(worksheet, f"/proc/self/fd/{self._memory}")

    def cleanup(self) -> None:
        """Give the memory back."""
        os.close(self._memory)


def main() -> None:
    """Do one piece of work. The arguments are modules that the work needs."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    excel.WorksheetWriter = _InMemory
    _limit()
    given = sys.stdin.buffer.read()
    if given:  # else the gateway has ended
        sys.stdout.buffer.write(_written(given))


def _limit() -> None:
    """Limit this process. When the machine needs memory or time, this process loses them before the gateway does."""
    for what, most in (("AS", MOST_MEMORY), ("CPU", MOST_CPU_S), ("FSIZE", MOST_FILE), ("CORE", 0)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))
    os.nice(_NICER)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _written(given: bytes) -> bytes:
    """The result as bytes, within ``MOST_ANSWER``."""
    try:
        found = pickle.dumps(done(given))
    except MemoryError:
        found = b""
    return found if 0 < len(found) <= MOST_ANSWER else pickle.dumps((TOO_MUCH, None))


def done(given: bytes) -> tuple[str, Any]:
    """What became of a piece of work. An unexpected exception is reported by its type and its place only: its text may quote a sheet."""
    try:
        number, arguments = pickle.loads(given)  # noqa: S301 - from the process that started this one
        return DONE, WORKS[number](*arguments)
    except Unreadable as exc:
        return UNREADABLE, (exc.detail, exc.reason, exc.field)
    except MemoryError:
        return TOO_MUCH, None
    except Exception as exc:  # noqa: BLE001 - the outermost edge of this process
        if isinstance(exc, OSError) and exc.errno == errno.EFBIG:
            return TOO_MUCH, None
        place = traceback.extract_tb(exc.__traceback__)[-1]
        return FAILED, f"{type(exc).__name__} in {place.filename}, line {place.lineno}"


if __name__ == "__main__":
    main()
