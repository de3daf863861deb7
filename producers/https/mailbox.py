"""Reads an agency's receipts over HTTPS, as ``producers.receipts.Mailbox`` reads them from Kafka: in order, each once.

A thread asks for the next receipts while the program does other work. It asks for a shorter wait when a proxy cuts connections.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from queue import Empty, Queue
from types import TracebackType
from typing import Any, Self, TypeVar

from mekong.producers.answer import Answer, answer
from mekong.producers.https.connection import Connection, problem, read, told
from mekong.producers.resume_point import ResumePoint, read_resume_point
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.receipts import Receipt
from mekong.schemas.settings import Settings
from mekong.schemas.topics import receipts_of
from mekong.schemas.wire import decode, dump

T = TypeVar("T")
_PATH = "/v1/receipts"
_WAIT_S = 25
_WITHIN_S = 120.0
"""After this time without any answer, the program that reads is told."""
_END_S = 5.0


class HttpsMailbox:
    """Follows the receipts of the agency that the token belongs to."""

    def __init__(self, settings: Settings) -> None:
        """Raises Refused or Retriable when the address cannot be used."""
        self._settings = settings
        self._connection = Connection(settings)
        me = self._connection.me()
        self._agency, self._topic = me.agency, me.topic
        self._came: Queue[tuple[list[bytes], int] | Exception] = Queue(4)
        self._next = -1
        self._failed: Exception | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def agencies(self) -> dict[str, str]:
        """The agency of the token -> its topic."""
        return {self._agency: self._topic}

    def has(self, topic: str) -> bool:
        """Whether the token may send to a topic."""
        return topic == self._topic

    def follow(self, incoming: Iterable[str], start: Mapping[str, int] | None = None) -> dict[str, int]:
        """Follow the receipts for the ``in.`` topic, from ``start`` or from now on. Returns where they start."""
        receipts = receipts_of(self._topic)
        if set(incoming) != {self._topic}:
            raise Refused(f"the token is of {self._agency}: it reads no other receipts")
        after = (start or {}).get(receipts)
        self._next = self._page("now", 1)[1] if after is None else after
        self._reader = Connection(self._settings)
        self._thread = threading.Thread(target=self._run, args=[self._next, self._reader], name="receipts over HTTPS", daemon=True)
        self._thread.start()
        return {receipts: self._next}

    def since(self, incoming: Iterable[str], at: datetime) -> dict[str, int]:  # noqa: ARG002 - the address is not asked by time
        """Where to start in the receipts so that none of them after ``at`` is left out: at the beginning. For ``follow``."""
        return {receipts_of(topic): 0 for topic in incoming}

    def reach(self, places: Mapping[str, int]) -> bool:
        """Whether the receipts are at least as many as before. Not so when the address now belongs to another exchange."""
        receipts = receipts_of(self._topic)
        if not {self._topic, receipts} >= set(places):
            return False
        found = self._connection.ask("GET", _PATH, params={"after": str(ResumePoint(self._topic, places.get(receipts, 0))), "limit": "1"})
        return problem(found).get("field") != "after"

    def place(self, topic: str) -> int:  # noqa: ARG002 - there is one topic
        """The offset of the next receipt that is read."""
        return self._next

    def to_end(self) -> Iterator[list[Receipt]]:
        """The receipts that exist now, in lists as they arrive. Raises Retriable."""
        after, found = -1, max(self._next, 0)
        while found > after:  # a page may be empty while there are more: the place shows it
            after = found
            raw, found = self._page(str(ResumePoint(self._topic, after)), 1_000)
            if raw:
                yield [decode(one, Receipt) for one in raw]

    def poll(self, timeout_s: float = 0.0) -> list[Receipt]:
        """The receipts that have come, waiting for the first at most ``timeout_s``."""
        return self._read(timeout_s, lambda raw: decode(raw, Receipt))

    def answers(self, timeout_s: float = 0.0) -> list[Answer]:
        """The same as ``poll``, only what a sender asks."""
        return self._read(timeout_s, answer)

    def answered(self, agencies: Collection[str]) -> set[str]:
        """Those of these agencies that the exchange has answered before."""
        return {self._agency} & set(agencies) if self._page(str(ResumePoint(self._topic, 0)), 1)[0] else set()

    def close(self) -> None:
        """End the request for the next receipts, and its thread."""
        self._stop.set()
        if self._thread:
            self._reader.hang_up()
            with suppress(Empty):  # the thread may wait for room
                while True:
                    self._came.get_nowait()
            self._thread.join(_END_S)
        self._connection.close()

    def _read(self, timeout_s: float, reading: Callable[[bytes], T]) -> list[T]:
        """What has come. Raises what ended the thread, each time; Refused when a receipt cannot be read, and it is read again later."""
        if self._failed:
            raise self._failed
        try:
            found = self._came.get(timeout=timeout_s) if timeout_s else self._came.get_nowait()
        except Empty:
            return []
        if isinstance(found, Exception):
            self._failed = found
            raise found
        try:
            receipts = [reading(raw) for raw in found[0]]
        except (ValueError, KeyError) as exc:
            self._failed = Refused(f"a receipt cannot be read ({exc}): is the exchange newer than this program? Install a newer one.")
            raise self._failed from exc
        self._next = found[1]
        return receipts

    def _run(self, after: int, connection: Connection) -> None:
        try:
            self._follow_pages(after, connection)
        except Exception as exc:  # noqa: BLE001 - the edge of the thread: nobody else would know of it, and the reader would wait
            self._came.put(told(exc))
        finally:
            connection.close()

    def _follow_pages(self, after: int, connection: Connection) -> None:
        wait_s, since = _WAIT_S, time.monotonic()
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                raw, after = self._page(str(ResumePoint(self._topic, after)), 1_000, wait_s, connection)
            except Retriable as exc:
                now = time.monotonic()
                wait_s = max(1, min(wait_s, int((now - began) / 2)))
                if now - since > _WITHIN_S:
                    raise
                self._stop.wait(max(0.5, exc.retry_after_s))
                continue
            since = time.monotonic()
            if raw:
                self._came.put((raw, after))

    def _page(self, after: str, limit: int, wait_s: int = 0, connection: Connection | None = None) -> tuple[list[bytes], int]:
        asked: dict[str, Any] = {"after": after, "limit": limit, "wait": wait_s}
        found = read((connection or self._connection).ask("GET", _PATH, params=asked))
        try:
            return [dump(one) for one in found["receipts"]], read_resume_point(found["next"], self._topic).read
        except (KeyError, TypeError) as exc:
            raise told(exc) from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
