"""Carries the messages of one agency to its topic: a thread with an ``Outbox`` of its own, so that no agency delays another one.

A parcel has its answer when the broker has stored all of its messages (acks=all). When the broker fails, the parcels that are under way
fail, and the next parcel opens a new connection.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue

from mekong.producers.broker import cluster_id
from mekong.producers.gateway.parcels import Carried, Letter, Parcel
from mekong.producers.gateway.problem import Problem, away, later
from mekong.producers.gateway.repeats import Key, Repeats
from mekong.producers.gateway.turns import SLICE, in_slices
from mekong.producers.outbox import Delivered, Outbox, Report
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.inside import failed_inside
from mekong.schemas.settings import Settings

log = logging.getLogger(__name__)

DELIVERED_WITHIN_S = 20
"""After this time without an answer of the broker, the sender is told to try again. It is less than what proxies allow."""
_LOOK_MS = 1_400
"""A broker that was away has this time to let a connection in, and again to answer."""
_IDLE_S = 0.2
_BUSY_S = 0.001


class Courier:
    """Delivers for one topic."""

    def __init__(self, settings: Settings, topic: str, pause_s: Callable[[float], float]) -> None:
        """``pause_s``: how long to pause after a slice that took so many seconds of the processor."""
        self._settings, self._topic, self._pause_s = settings, topic, pause_s
        self._loop = asyncio.get_running_loop()
        self._parcels: SimpleQueue[Parcel] = SimpleQueue()
        self._open: set[Parcel] = set()
        self._keys: set[str] = set()
        self._outbox: Outbox[tuple[Parcel, int]] | None = None
        self._repeats = Repeats(settings, topic)
        self._stop = threading.Event()
        self._taking = threading.Lock()
        self._is_away = False
        """Whether the broker did not answer the last time. Then it is looked at before a parcel is sent."""
        self._ended = False
        """Whether nobody takes parcels any more. Under ``_taking``, so that no parcel is put where nobody looks."""
        self._thread = threading.Thread(target=self._run, name=f"courier {topic}", daemon=True)
        self._thread.start()

    async def deliver(self, letters: list[Letter], headers: list[tuple[str, bytes]], key: Key | None, receipts: int) -> Carried:
        """Deliver the messages of a request. ``receipts``: where the next receipt of the agency will be.

        Raises Problem: 503 when the broker is away, 409 while a request with the same key is under way, 422 for a key of another request.
        """
        if key and key.text in self._keys:
            raise later(409, "A request with this Idempotency-Key is under way. Wait for its answer.", 1)
        parcel = Parcel(letters, headers, key, receipts, self._loop.create_future())
        if key:
            self._keys.add(key.text)
        try:
            self._put(parcel)
            return await parcel.answer
        finally:
            if key:
                self._keys.discard(key.text)

    def stop(self) -> None:
        """Deliver what is there, and end."""
        self._stop.set()
        self._thread.join(DELIVERED_WITHIN_S + 10)

    @property
    def is_alive(self) -> bool:
        """Whether it delivers. When our code has failed in its thread, it does not."""
        return self._thread.is_alive()

    def _put(self, parcel: Parcel) -> None:
        with self._taking:
            if self._ended:
                raise away()
            self._parcels.put(parcel)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            with self._taking:
                self._ended = True
            self._open_all()
            self._fail(away())

    def _open_all(self) -> None:
        with suppress(Empty):
            while True:
                self._open.add(self._parcels.get_nowait())

    def _work(self) -> None:
        while not (self._stop.is_set() and self._parcels.empty() and not self._open):
            try:
                self._accept()
                self._collect()
            except Problem as exc:  # of one parcel: the others go on
                log.info("a request for %s is refused: %s", self._topic, exc, extra={"topic": self._topic})
            except (Retriable, Fatal) as exc:
                log.warning("cannot deliver to %s: %s", self._topic, exc, extra={"topic": self._topic})
                self._is_away = isinstance(exc, Retriable)
                self._fail(away())
            except Exception as exc:  # noqa: BLE001 - the outermost edge of the thread: an exception's text may quote a message
                failed_inside(log, f"delivering to {self._topic}", exc)
                self._fail(away())

    def _accept(self) -> None:
        """Send the next parcel. Raises Problem, Retriable, Refused or Fatal."""
        try:
            parcel = self._parcels.get(timeout=_BUSY_S if self._open else _IDLE_S)
        except Empty:
            return
        self._open.add(parcel)
        if self._is_away:
            self._look_again()
        outbox = self._outbox = self._outbox or Outbox(self._settings, delivery_timeout_s=DELIVERED_WITHIN_S)
        try:
            earlier = self._repeats.stored(parcel.key, time.time_ns() // 1_000_000) if parcel.key else None
        except Problem as exc:
            self._end(parcel, exc)
            raise
        if earlier:
            parcel.receipts, parcel.earlier = earlier.receipts, frozenset(earlier.offsets)
        self._send(parcel, outbox, earlier.offsets if earlier else {})

    def _send(self, parcel: Parcel, outbox: Outbox[tuple[Parcel, int]], earlier: Mapping[int, int]) -> None:
        """After each slice, the earlier parcels that are stored have their answer: a large one may pause for long."""
        for count, letter in enumerate(in_slices(parcel.letters, self._pause_s), 1):
            number = letter.number
            if (offset := letter.stored(earlier)) is not None:
                parcel.fates[number] = offset
            else:
                header = parcel.header(number)
                headers = [*parcel.headers, *([header] if header else []), *letter.headers]
                outbox.send(self._topic, letter.case_no, letter.value, (parcel, number), headers)
            if count % SLICE == 0:
                self._collect()
        self._look(parcel)

    def _look_again(self) -> None:
        """Ask the broker whether it is there again. Raises Retriable or Fatal: then all who wait get their answer at once."""
        try:
            cluster_id(self._settings, _LOOK_MS)
        except (Retriable, Fatal):
            self._open_all()
            raise
        self._is_away = False

    def _collect(self) -> None:
        """Read the broker's answers. Raises Retriable, Refused or Fatal."""
        if self._outbox is None:
            return
        for report in self._outbox.reports():
            self._note(report)

    def _note(self, report: Report[tuple[Parcel, int]]) -> None:
        parcel, number = report.token
        if isinstance(report, Delivered):
            parcel.fates[number] = report.offset
            self._repeats.delivered(report.offset, parcel.header(number), time.time_ns() // 1_000_000)
        else:
            parcel.fates[number] = report.rejected
        self._look(parcel)

    def _look(self, parcel: Parcel) -> None:
        if parcel.is_answered:
            self._end(parcel, Carried(parcel.fates, parcel.receipts, parcel.earlier))

    def _end(self, parcel: Parcel, outcome: Carried | Problem) -> None:
        self._open.discard(parcel)
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, parcel.answer, outcome)

    def _fail(self, why: Problem) -> None:
        """End what is under way. It is closed first, so that little of it is stored after its answer."""
        outbox, self._outbox = self._outbox, None
        try:
            for one in (self._repeats, outbox):
                if one is not None:
                    self._close(one)
        finally:
            for parcel in list(self._open):
                self._end(parcel, why)

    def _close(self, one: Repeats | Outbox[tuple[Parcel, int]]) -> None:
        try:
            one.close()
        except Exception as exc:  # noqa: BLE001 - whatever it is: a new connection is opened
            log.warning("a connection for %s did not close: %s", self._topic, type(exc).__name__)


def _resolve(answer: asyncio.Future[Carried], outcome: Carried | Problem) -> None:
    if answer.done():
        return
    if isinstance(outcome, Problem):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
