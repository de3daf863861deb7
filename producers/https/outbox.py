"""Sends messages over HTTPS, in order, with a delivery report for each, as ``producers.outbox.Outbox`` does to Kafka.

Messages go in requests of up to ``MOST_MESSAGES``, one request after the other. A request that is not answered is made again with the same
``Idempotency-Key``, so the exchange stores none of its messages twice.
"""

from __future__ import annotations

import gzip
import threading
import uuid
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

from mekong.producers.formats import json
from mekong.producers.https.connection import Connection, problem, read, told
from mekong.producers.outbox import Delivered, Headers, Report, Undelivered, too_large
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.settings import Settings

T = TypeVar("T")
MOST_MESSAGES = 500
_MOST_BYTES = 2_000_000
_MOST_WAITING = 20_000
_WITHIN_S = 120.0
_REASONS = {reason.value: reason for reason in Reason}
_TYPES = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}


class _Waiting(NamedTuple, Generic[T]):
    token: T
    value: bytes
    ordered: bool


class HttpsOutbox(Generic[T]):
    """The messages of one agency on their way."""

    def __init__(self, settings: Settings, batch: str = "", *, edition: str = "", linger_ms: int = 5) -> None:
        """``batch`` names the sending, ``edition`` is the time of its file. Raises Refused when the address cannot be used."""
        self._connection = Connection(settings)
        self._query = {name: value for name, value in (("batch", batch[:100]), ("edition", edition)) if value}
        self._linger_s = linger_ms / 1_000
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting[T]] = deque()
        self._under_way = 0
        self._reports: list[Report[T]] = []
        self._failed: Exception | None = None
        self._closed = self._hurry = False
        self._thread = threading.Thread(target=self._run, name="messages over HTTPS", daemon=True)
        self._thread.start()

    def expect(self, topics: Iterable[str]) -> None:
        """Nothing: the gateway knows the topic."""

    def send(
        self, topic: str, case_no: str, value: bytes, token: T, headers: Headers = None, partition: int = 0, *, ordered: bool = True
    ) -> None:
        """Put one message on its way; waits while too many are under way. Raises Refused for a record that only Kafka carries.

        Not ``ordered``: without the time of its file.
        """
        if headers is not None or partition:
            raise Refused(f"{topic}: only messages can be sent over HTTPS ({case_no or 'no case number'} is a record with headers)")
        line = value.replace(b"\n", b" ").replace(b"\r", b" ")
        refused = too_large(len(value)) if len(value) > MAX_MESSAGE_BYTES else _not_a_line(line)
        with self._changed:
            if refused:
                self._reports.append(Undelivered(token, refused))
                return
            self._changed.wait_for(lambda: self._under_way < _MOST_WAITING or self._failed)
            self._waiting.append(_Waiting(token, line, ordered))
            self._under_way += 1
            self._changed.notify_all()

    def reports(self) -> list[Report[T]]:
        """The reports since the last call. Raises Retriable, Refused or Fatal when the exchange cannot be reached."""
        with self._changed:
            found, self._reports = self._reports, []
            if self._failed and not found:
                raise self._failed
            return found

    @property
    def under_way(self) -> int:
        """Messages that are not answered yet."""
        return self._under_way

    def flush(self, timeout_s: float = 150.0) -> list[Report[T]]:
        """Wait until everything is answered, and report it. Raises as ``reports`` does."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: not self._under_way or self._failed, timeout_s)
            self._hurry = False
        found = self.reports()
        if not done and not found:
            raise Retriable(f"cannot deliver {self._under_way:,} messages now: no answer in {timeout_s:.0f} s")
        return found

    def close(self) -> None:
        """Discard messages that are not sent yet."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(1.0)
        self._connection.hang_up()
        self._thread.join(1.0)
        self._connection.close()

    def _run(self) -> None:
        while batch := self._next():
            try:
                found = self._posted(batch)
            except Exception as exc:  # noqa: BLE001 - the edge of the thread: nobody else would know of it, and the sender would wait
                with self._changed:
                    self._failed = told(exc)
                    self._changed.notify_all()
                return
            with self._changed:
                self._reports += found
                self._under_way -= len(batch)
                self._changed.notify_all()

    def _next(self) -> list[_Waiting[T]]:
        """The messages of the next request. Empty when it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(lambda: len(self._waiting) >= MOST_MESSAGES or self._hurry or self._closed, self._linger_s)
            batch: list[_Waiting[T]] = []
            size = 0
            while self._waiting and not self._closed and len(batch) < MOST_MESSAGES and size < _MOST_BYTES:
                if batch and self._waiting[0].ordered != batch[0].ordered:
                    break  # a request has one edition
                batch.append(self._waiting.popleft())
                size += len(batch[-1].value)
            return batch

    def _posted(self, batch: list[_Waiting[T]]) -> list[Report[T]]:
        """Make one request until it is answered. Raises Retriable, Refused or Fatal."""
        body = gzip.compress(b"".join(one.value + b"\n" for one in batch), 1, mtime=0)
        headers = {**_TYPES, "idempotency-key": uuid.uuid4().hex}
        query = {name: value for name, value in self._query.items() if batch[0].ordered or name != "edition"}
        more: dict[str, Any] = {"content": body, "headers": headers, "params": query}
        answer = self._connection.insist(_WITHIN_S, lambda: self._closed, "POST", "/v1/messages", **more)
        said = problem(answer)
        entries = (said if "messages" in said else read(answer)).get("messages")
        if not isinstance(entries, list):
            raise Fatal(f"{answer.url.copy_with(query=None)} answers what the exchange does not answer: is it a proxy's page?")
        by_line = {entry["line"]: entry for entry in entries}
        return [_report(one.token, by_line.get(line)) for line, one in enumerate(batch, 1)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _not_a_line(line: bytes) -> Rejected | None:
    """Why the exchange would refuse a whole request for this message if it were the first one, or pass over it. None for a message."""
    found = next(json.parse([line]), None)
    if found is None:
        return Rejected(reason=Reason.NOT_JSON, detail="the message is empty")
    return found if isinstance(found, Rejected) and found.reason is Reason.BAD_FILE else None


def _report(token: T, entry: dict[str, Any] | None) -> Report[T]:
    if entry is None:
        return Undelivered(token, Rejected(reason=Reason.NOT_JSON, detail="the message is empty"))
    if "id" in entry:
        topic, _, offset = entry["id"].rpartition("@")
        return Delivered(token, topic, int(offset))
    reason = _REASONS.get(entry["reason"], Reason.NOT_SENT)
    return Undelivered(token, Rejected(reason=reason, field=entry["field"], detail=entry["detail"]))
