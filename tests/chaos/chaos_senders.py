"""Messages in, Kafka out, by several senders at once, through every outage; and the ticks of the run."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from chaos_meaning import JOINER, Planned

from mekong.producers.outbox import Delivered, Outbox, Report
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import CONTROL, INCOMING, LANES
from mekong.schemas.wire import encode

BURST = 150
"""Messages of one sender that go out at once."""


class Sender:
    """Sends every ``step``-th of the messages from ``first`` on, spread over ``spread_s`` seconds, each until it is delivered."""

    def __init__(
        self, settings: Settings, messages: Sequence[Planned], first: int, step: int, spread_s: float, joined: threading.Event
    ) -> None:
        self._settings, self._messages, self._joined = settings, messages, joined
        self._left = list(range(first, len(messages), step))
        self._spread_s = spread_s
        self.delivered: dict[int, tuple[str, int]] = {}
        """Number of a message -> topic and offset."""
        self.tried: Counter[int] = Counter()
        """Number of a message -> how often it was handed to the broker's client."""
        self.reopened = 0
        self.failed = ""
        """The trace of what it could not go on after."""
        self._thread = threading.Thread(target=self._run, name=f"sender {first}", daemon=True)

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._left:
                try:
                    with Outbox[int](self._settings, batch="chaos") as outbox:
                        self._send(outbox)
                except Retriable as exc:
                    self.reopened += 1
                    time.sleep(exc.retry_after_s)
                self._left = [number for number in self._left if number not in self.delivered]
        except BaseException as exc:  # noqa: BLE001 - the thread's outermost edge: the run fails by it
            self.failed = "".join(traceback.format_exception(exc))

    def _send(self, outbox: Outbox[int]) -> None:
        for place, number in enumerate(self._left):
            if place % BURST == 0:
                self._take(outbox.reports())
                self._wait_for(number)
            planned = self._messages[number]
            if planned.agency == JOINER:
                self._joined.wait()
            self.tried[number] += 1
            headers = list(planned.headers) or None
            outbox.send(INCOMING.of(planned.agency), planned.meaning.case_no, planned.value, number, headers)
        while outbox.under_way:
            self._take(outbox.flush())
        self._take(outbox.reports())

    def _wait_for(self, number: int) -> None:
        """Keep to the time that the message has in the run."""
        due = self._began + self._spread_s * number / len(self._messages)
        time.sleep(max(0.0, due - time.monotonic()))

    def _take(self, reports: Collection[Report[int]]) -> None:
        for report in reports:
            if not isinstance(report, Delivered):
                raise Fatal(f"message {report.token} was refused by the broker: {report.rejected}")
            self.delivered[report.token] = (report.topic, report.offset)


class Ticker:
    """Writes a signed tick into every agency's topic and every lane's (one lane gets a forged one) each ``every_s`` seconds."""

    def __init__(self, settings: Settings, agencies: Callable[[], Collection[str]], every_s: float) -> None:
        self._settings, self._agencies, self._every_s = settings, agencies, every_s
        self._stop, self._turn = threading.Event(), 0
        self.failed = ""
        """The trace of what it could not go on after."""
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(180)

    def tick(self, outbox: Outbox[str]) -> None:
        """One tick for everybody, delivered. Raises Retriable."""
        value = encode(Tick(at=datetime.now(UTC).replace(microsecond=0)))
        secret = self._settings.deployment_secret()
        for agency in self._agencies():
            topic = INCOMING.of(agency)
            outbox.send(topic, "", value, agency, [(CONTROL_HEADER, sign(secret, topic, value))])
        self._turn += 1
        for lane in range(LANES):
            mac = sign(secret, CONTROL.name, value) if lane != self._turn % LANES else b"0" * 64
            outbox.send(CONTROL.name, "", value, f"lane {lane}", [(CONTROL_HEADER, mac)], lane)
        while outbox.under_way:
            outbox.flush()

    def last(self) -> None:
        """A tick behind everything: of a later second than all that was raised, for ticks are of whole seconds."""
        time.sleep(1)
        while True:
            try:
                with Outbox[str](self._settings) as outbox:
                    self.tick(outbox)
                    return
            except Retriable as exc:
                time.sleep(exc.retry_after_s)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    with Outbox[str](self._settings) as outbox:
                        while not self._stop.wait(self._every_s):
                            self.tick(outbox)
                except Retriable as exc:
                    self._stop.wait(exc.retry_after_s)
        except BaseException as exc:  # noqa: BLE001 - the thread's outermost edge: the run fails by it
            self.failed = "".join(traceback.format_exception(exc))
