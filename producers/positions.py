"""Stores which messages of a file are delivered, with the stack's state, so that an interrupted sending continues and sends none twice.

It is a text file of appended lines. ``R topic offset``: receipts are read from this offset. ``D number topic offset``: a message is
delivered. Losing the last lines is harmless: a message that is sent again gets the receipt ``duplicate``.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from mekong.producers.digests import Digests
from mekong.producers.outbox import Delivered
from mekong.producers.way import exchange_id
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings

_CHUNK = 1 << 20


def digest_of(path: Path) -> str:
    """What these bytes are known by. Raises OSError when the file cannot be read."""
    return digests_of(path).content


def digests_of(path: Path, variant: str = "") -> Digests:
    """What these bytes, and these bytes read in this way, are known by. Raises OSError when the file cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    content = digest.hexdigest()
    if variant:
        digest.update(b"\0" + variant.encode())
    return Digests(content, digest.hexdigest())


def key_of(settings: Settings, digest: str, *how: str) -> str:
    """A name for sending the bytes of ``digest`` ``how`` (format, agency) to this deployment. Raises Retriable or Fatal.

    Over HTTPS the exchange is asked who it is: an address may belong to a new one. The names of Kafka's records stay as they were,
    because records of interrupted sendings exist; there the topics show whether it is another one (``Mailbox.reach``).
    """
    where = exchange_id(settings) if settings.url else str(settings.stack.get("stack_id") or settings.bootstrap())
    return hashlib.sha256("\0".join((digest, where, *how)).encode()).hexdigest()[:32]


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
        kept = whole[: whole.rfind(b"\n") + 1]  # delete a line that was cut off by a crash
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
        """Delete what is recorded and send every message: the recorded offsets belong to topics that were deleted."""
        self._file.truncate(0)
        self.receipts, self.delivered = {}, {}

    def following(self, places: dict[str, int]) -> None:
        """Record the offsets from which the receipts of these topics are read."""
        self._append(f"R {topic} {place}\n" for topic, place in places.items())

    def add(self, delivered: Iterable[tuple[int, Delivered[object]]]) -> None:
        """Record that these messages are delivered. They are not sent again."""
        self._append(f"D {number} {report.topic} {report.offset}\n" for number, report in delivered)

    def forget(self) -> None:
        """Delete the record of the file, because every receipt has arrived.

        When the file is sent again, every message is sent again and gets the receipt ``duplicate``.
        """
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
