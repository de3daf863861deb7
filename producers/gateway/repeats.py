"""Finds what an earlier request with the same ``Idempotency-Key`` has stored, from the headers of the agency's own topic.

The key is in the header of each message, so it is stored with the message in one write: it survives a restart and ``kill -9``, and another
gateway finds it too. Keys are known for a day, and at least for the last ``MOST_RECORDS`` records of the agency.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, NamedTuple, Self

from kafka import TopicPartition

from mekong.producers.broker import reaching, reader
from mekong.producers.gateway.problem import Problem
from mekong.schemas.batches import REQUEST_HEADER
from mekong.schemas.patience import Patience
from mekong.schemas.rejected import Reason
from mekong.schemas.settings import Settings

KEPT_MS = 86_400_000
MOST_RECORDS = 200_000
FIELD = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,100}", re.ASCII)
_WRITTEN = re.compile(rb"(\d{1,20}) ([0-9a-f]{16}) (\d{1,19}) ([!-~]{1,100})")
_POLL_MS = 200


class Key(NamedTuple):
    """An ``Idempotency-Key`` and the request that it belongs to."""

    text: str
    digest: str

    @classmethod
    def of(cls, text: str | None, body: bytes, query: str) -> Self | None:
        """The key of a request; None without one. Raises Problem (400)."""
        if text is None:
            return None
        if not _KEY.fullmatch(text):
            raise Problem(400, f"{FIELD} must have 1 to 100 printable ASCII characters and no space.", field=FIELD)
        return cls(text, blake2b(query.encode() + b"\0" + body, digest_size=8).hexdigest())

    def header(self, number: int, receipts: int) -> tuple[str, bytes]:
        """The header of the request's message with this number. ``receipts``: where the receipts of the request begin."""
        return REQUEST_HEADER, f"{number} {self.digest} {receipts} {self.text}".encode()


class Stored(NamedTuple):
    """What is stored of one request."""

    digest: str
    at_ms: int
    receipts: int
    """Offset of the receipts topic at the first attempt: the receipts of the request come from there on."""
    offsets: dict[int, int]
    """Number of a message -> its offset."""


class Repeats:
    """The requests with a key that one topic has. For one thread, which is also the only one here that writes to the topic."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings, self._tp = settings, TopicPartition(topic, 0)
        self._consumer: Any = None
        self._next = -1
        self._found: dict[str, Stored] = {}
        self._records = 0

    def stored(self, key: Key, now_ms: int) -> Stored | None:
        """What an earlier request with the key has stored, if there was one.

        Raises Problem (422) when the key was used for another request, and Retriable, Refused or Fatal when the topic cannot be read.
        """
        with reaching(self._settings, f"look for earlier requests in {self._tp.topic}"):
            if self._consumer is None:
                self._open(now_ms)
            self._catch_up(int(self._consumer.end_offsets([self._tp])[self._tp]))
        self._forget(now_ms - KEPT_MS)
        found = self._found.get(key.text)
        if found is not None and found.digest != key.digest:
            why = "The key was used for a request with another content. Use a new key for each new request."
            raise Problem(422, why, reason=Reason.INVALID_VALUE, field=FIELD)
        return found

    def delivered(self, offset: int, header: tuple[str, bytes] | None, at_ms: int) -> None:
        """Note a message that was just stored here: it need not be read again when nobody else has written since."""
        if offset == self._next:
            self._next += 1
            if header:
                self._note(offset, header[1], at_ms)

    def close(self) -> None:
        """Close the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    def _open(self, now_ms: int) -> None:
        self._consumer = reader(self._settings, isolation_level="read_uncommitted")
        self._consumer.assign([self._tp])
        if self._next < 0:
            begins, ends = self._consumer.beginning_offsets([self._tp]), self._consumer.end_offsets([self._tp])
            since = self._consumer.offsets_for_times({self._tp: now_ms - KEPT_MS})[self._tp]
            self._next = max(begins[self._tp], since.offset if since else ends[self._tp], ends[self._tp] - MOST_RECORDS)

    def _catch_up(self, end: int) -> None:
        if self._next >= end:
            return
        self._consumer.seek(self._tp, self._next)
        patience = Patience(f"read {self._tp.topic}")
        while self._next < end:
            for record in self._consumer.poll(_POLL_MS).get(self._tp, ()):
                for name, value in record.headers or ():
                    if name == REQUEST_HEADER:
                        self._note(record.offset, value or b"", record.timestamp)
            self._next = max(self._next, int(self._consumer.position(self._tp)))
            patience.look(self._next)

    def _note(self, offset: int, written: bytes, at_ms: int) -> None:
        """The agency may write to its topic itself: what does not read as our header is passed over."""
        if not (read := _WRITTEN.fullmatch(written)):
            return
        number, digest, receipts, key = int(read[1]), read[2].decode(), int(read[3]), read[4].decode()
        stored = self._found.setdefault(key, Stored(digest, at_ms, receipts, {}))
        if stored.digest == digest and number not in stored.offsets:
            stored.offsets[number] = offset
            self._records += 1

    def _forget(self, before_ms: int) -> None:
        """Forget the oldest requests."""
        while self._found:
            key, oldest = next(iter(self._found.items()))
            if oldest.at_ms >= before_ms and self._records <= MOST_RECORDS:
                return
            self._records -= len(oldest.offsets)
            del self._found[key]
