"""What of one file is delivered already, kept beside the stack's state, so that an interrupted sending goes on and sends nothing again.

A text file of appended lines: ``R topic offset`` (receipts are read from there) and ``D number topic offset`` (a message is delivered).
Losing the last lines is harmless: a message that is sent again is answered with ``duplicate``.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from producers.outbox import Delivered
from schemas.errors import Refused
from schemas.settings import Settings

_CHUNK = 1 << 20


def key_of(settings: Settings, path: Path, *how: str) -> str:
    """A name for sending these bytes ``how`` (format, agency) to this deployment. Raises OSError when the file cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    where = str(settings.stack.get("stack_id") or settings.bootstrap())
    return hashlib.sha256("\0".join((digest.hexdigest(), where, *how)).encode()).hexdigest()[:32]


class Positions:
    """The record of one sending. Only one process may have it open."""

    def __init__(self, home: Path, key: str) -> None:
        """Raises Refused when another process is sending the same file."""
        self._path = home / "sends" / f"{key}.positions"
        self.receipts: dict[str, int] = {}
        """Receipts topic -> where to read on from."""
        self.delivered: dict[int, tuple[str, int]] = {}
        """Number of a message in the file -> its topic and offset."""

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file: io.BufferedRandom = self._path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            self._file.close()
            raise Refused(f"this file is being sent already ({self._path})") from exc
        self._file.seek(0)
        whole = self._file.read()
        kept = whole[: whole.rfind(b"\n") + 1]  # a line that was cut off by a crash goes
        self._file.truncate(len(kept))
        try:
            self._read(kept.decode())
        except ValueError:  # garbled, say by a disk that was full: all is sent again, and answered with ``duplicate``
            self.begin_anew()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def places(self) -> dict[str, int]:
        """How long each topic is at least, if it is still the one it was."""
        found = dict(self.receipts)
        for topic, offset in self.delivered.values():
            found[topic] = max(found.get(topic, 0), offset + 1)
        return found

    def begin_anew(self) -> None:
        """What is on record was of topics that are no more: all is sent."""
        self._file.truncate(0)
        self.receipts, self.delivered = {}, {}

    def following(self, places: dict[str, int]) -> None:
        """Receipts of these topics are read from here on."""
        self._append(f"R {topic} {place}\n" for topic, place in places.items())

    def add(self, delivered: Iterable[tuple[int, Delivered[object]]]) -> None:
        """These messages need not be sent again."""
        self._append(f"D {number} {report.topic} {report.offset}\n" for number, report in delivered)

    def forget(self) -> None:
        """Every receipt is in: the next sending of the file begins anew, and all of it is answered with ``duplicate``."""
        self._path.unlink(missing_ok=True)

    def _read(self, text: str) -> None:
        for line in text.splitlines():
            match line.split(" "):
                case ["R", topic, offset]:
                    self.receipts[topic] = int(offset)
                case ["D", number, topic, offset]:
                    self.delivered[int(number)] = (topic, int(offset))

    def _append(self, lines: Iterable[str]) -> None:
        self._file.write("".join(lines).encode())
        self._file.flush()
