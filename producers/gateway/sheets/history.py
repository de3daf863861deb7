"""Keeps the history of sheets: the records of ``sendings.v1``, read to their end before each use, so that several gateways agree."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from kafka import TopicPartition

from mekong.producers.broker import reaching, reader
from mekong.producers.gateway.problem import away
from mekong.producers.outbox import Outbox, Undelivered
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.sendings import MOST_OF_AN_AGENCY, Sending
from mekong.schemas.settings import Settings
from mekong.schemas.topics import SENDINGS
from mekong.schemas.upto import up_to
from mekong.schemas.wire import decode, encode

log = logging.getLogger(__name__)

_DELIVERED_WITHIN_S = 20
_TURN_WITHIN_S = 10.0
"""One request at a time uses the connections. While the broker is away, it may wait for 30 s."""
_MOST_ROUNDS = 3
"""Times that united records are written for one request. What is not settled then, the next request settles."""


class Sendings:
    """The sendings of all agencies."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Sending]] = {}
        self._apart: set[tuple[str, str]] = set()

    def apply(self, key: str, value: bytes | None) -> None:
        """One record of the topic. What cannot be read counts as absent, and is logged."""
        agency, _, id_ = key.partition("/")
        of = self._of.setdefault(agency, {})
        self._apart.discard((agency, id_))
        if found := _decoded(key, value):
            of[id_] = united(found, of.get(id_))
            if of[id_] != found:
                self._apart.add((agency, id_))
        else:
            of.pop(id_, None)

    def copy(self) -> Sendings:
        """What is known now; later records do not change it."""
        found = Sendings()
        found._of = {agency: dict(of) for agency, of in self._of.items()}
        return found

    def apart(self) -> list[Sending]:
        """What differs from the last record of its key, because that lacks what an earlier one has. The topic keeps only the last one."""
        return [self._of[agency][id_] for agency, id_ in sorted(self._apart)]

    def of(self, agency: str) -> list[Sending]:
        """The newest first."""
        return sorted(self._of.get(agency, {}).values(), key=lambda one: (one.at, one.id), reverse=True)

    def one(self, agency: str, id_: str) -> Sending | None:
        """The sending with this id."""
        return self._of.get(agency, {}).get(id_)

    def too_many(self, agency: str) -> Iterator[str]:
        """The keys of the oldest beyond those that are kept. A file whose time is forgotten is a new one when it comes again."""
        yield from (one.key for one in self.of(agency)[MOST_OF_AN_AGENCY:])


def united(sending: Sending, other: Sending | None) -> Sending:
    """A record with the withdrawals, too, that another one of the same sheet has: two gateways may write at the same instant."""
    if other is None or sending.withdraws == other.withdraws == ():
        return sending
    if (sending.at, sending.state, other.state) == (other.at, "begun", "sent"):  # written again by a gateway that had not read the end
        sending, other = other, sending
    withdraws = tuple(dict.fromkeys(other.withdraws + sending.withdraws))
    stored = {*other.withdrawn, *sending.withdrawn}
    unsent = tuple(place for place, case_no in enumerate(withdraws) if case_no not in stored)
    place = min(sending.receipts_from, other.receipts_from)  # the receipts of both come from there on
    return sending.model_copy(update={"withdraws": withdraws, "unsent": unsent, "receipts_from": place})


def _decoded(key: str, value: bytes | None) -> Sending | None:
    if not value:
        return None
    try:
        return decode(value, Sending)
    except Exception as exc:  # noqa: BLE001 - one record that a newer version wrote stops no sheet
        log.warning("%s in the history cannot be read (%s): is the gateway older than the exchange?", key, type(exc).__name__)
        return None


class Keeps(Protocol):
    """What keeps the history. Blocking: call it from a thread."""

    def sendings(self) -> Sendings:
        """The history as it is now. Raises Problem (503)."""

    def write(self, sending: Sending) -> None:
        """Store a sending. Raises Problem (503) when the broker has not stored it."""

    def forget(self, sending: Sending) -> None:
        """Remove a sending of which nothing was stored. Raises Problem (503)."""


class History:
    """The history on the topic."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._tp = settings, TopicPartition(SENDINGS.name, 0)
        self._lock = threading.Lock()
        self._consumer: Any = None
        self._outbox: Outbox[str] | None = None
        self._next = 0
        self._found = Sendings()

    def sendings(self) -> Sendings:
        """The history as it is now."""
        with self._held():
            return self._settled().copy()

    def write(self, sending: Sending) -> None:
        """Store a sending, and remove the oldest ones beyond those that are kept."""
        with self._held():
            self._put({sending.key: encode(sending)})
            if old := list(self._settled().too_many(sending.agency)):
                self._put(dict.fromkeys(old))

    def forget(self, sending: Sending) -> None:
        """Remove a sending."""
        with self._held():
            self._put({sending.key: None})

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Raises Problem (503) when another request has not ended in time: it waits for the broker."""
        if not self._lock.acquire(timeout=_TURN_WITHIN_S):
            raise away()
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._drop()

    def _settled(self) -> Sendings:
        """The history to its end, with the unions written: of two gateways that write at the same instant, neither has."""
        found = self._caught_up()
        for _ in range(_MOST_ROUNDS):
            if not (apart := found.apart()):
                break
            self._put({one.key: encode(one) for one in apart})
            found = self._caught_up()
        return found

    def _caught_up(self) -> Sendings:
        try:
            with reaching(self._settings, "read the history of sheets"):
                if self._consumer is None:
                    self._consumer = reader(self._settings)
                    self._consumer.assign([self._tp])
                    self._consumer.seek(self._tp, self._next) if self._next else self._consumer.seek_to_beginning(self._tp)
                self._consumer.resume(self._tp)
                for polled in up_to(self._consumer, self._consumer.end_offsets([self._tp]), "read the history of sheets"):
                    for record in polled.get(self._tp, ()):
                        self._found.apply((record.key or b"").decode(errors="replace"), record.value)
                        self._next = record.offset + 1
        except (Retriable, Fatal) as exc:
            log.warning("%s", exc)
            self._drop()
            raise away() from exc
        return self._found

    def _put(self, records: dict[str, bytes | None]) -> None:
        try:
            outbox = self._outbox = self._outbox or Outbox(self._settings, delivery_timeout_s=_DELIVERED_WITHIN_S)
            for key, value in records.items():
                outbox.send(SENDINGS.name, key, value, key, [])
            lost = [report for report in outbox.flush(_DELIVERED_WITHIN_S + 5.0) if isinstance(report, Undelivered)]
        except (Retriable, Fatal) as exc:
            log.warning("%s", exc)
            self._drop()
            raise away() from exc
        if lost:
            log.error("the history of sheets cannot store a record: %s", lost[0].rejected.reason)
            raise away()

    def _drop(self) -> None:
        for one in (self._consumer, self._outbox):
            if one is not None:
                try:
                    one.close()
                except Exception as exc:  # noqa: BLE001 - whatever it is: a new connection is opened
                    log.warning("a connection of the history did not close: %s", type(exc).__name__)
        self._consumer = self._outbox = None
