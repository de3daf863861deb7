"""Sends the messages of a file and returns a ``Summary``: each message is sent once, and its receipt is awaited."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from mekong.producers.ledger import Answered, Ledger, Ref, Summary
from mekong.producers.outbox import Delivered
from mekong.producers.parsed import Parsed, Stamp
from mekong.producers.positions import Positions
from mekong.producers.way import AnyOutbox, open_mailbox, open_outbox
from mekong.schemas.control import CONTROL_HEADER, sign
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.settings import Settings

_EVERY = 500  # messages between two looks at what came back
_PROGRESS_S = 0.1
_LINGER_MS = 25  # a file can wait longer than a live message: larger batches cost less
_AGENCY = re.compile(AGENCY_PATTERN)


class Progress(NamedTuple):
    """How far it is."""

    read: int
    sent: int
    answered: int
    taken: int
    """Answered, and not rejected."""
    refused: int


Item = Parsed | Rejected | Stamp


class Sending:
    """One sending: run it once."""

    def __init__(
        self,
        settings: Settings,
        *,
        batch: str = "",
        edition: str = "",
        agency: str | None = None,
        positions: Positions | None = None,
        agencies: Collection[str] = (),
        register: Callable[[Collection[str]], None] | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        answered: Answered = lambda *_: None,
        wait_s: float = 60.0,
    ) -> None:
        """``agency`` is the sender of everything, whatever the messages say; without it each message names its own.

        ``edition`` is the time of the file, for a format of whole sheets.

        ``agencies`` are those that will send, as far as they are known: their topics are asked for at once.

        ``register`` is called for an agency without a topic, and must make one or raise Refused. After ``wait_s`` seconds without
        any receipt the rest counts as unanswered. ``answered`` is called with each message and its receipt.
        """
        self._settings, self._agency, self._agencies, self._positions = settings, agency, agencies, positions
        self._register, self._progress, self._wait_s = register, progress, wait_s
        self._ledger = Ledger(answered)
        self._topics: dict[str, str] = {}
        self._followed: set[str] = set()
        self._shown_at = 0.0
        self._batch, self._edition = batch, edition

    def run(self, items: Iterable[Item]) -> Summary:
        """Send the items in their order and wait for the receipts.

        Raises Retriable, Refused or Fatal when the broker fails; what was delivered is in the positions.
        """
        with open_mailbox(self._settings) as self._mailbox, self._opened() as self._outbox:
            self._topics = self._mailbox.agencies()
            if self._positions and self._positions.receipts:
                if self._mailbox.reach(self._positions.places()):
                    self._follow(self._positions.receipts)
                else:
                    self._positions.begin_anew()
            self._prepare()
            for number, item in enumerate(items):
                self._take(number, item)
                if number % _EVERY == 0:
                    self._look()
            while self._outbox.under_way:
                self._look(0.02)
            self._look()
            self._ledger.all_delivered()
            self._await_receipts()
        return self._ledger.finish()

    def _opened(self) -> AnyOutbox[Ref]:
        return open_outbox(self._settings, self._batch, edition=self._edition, linger_ms=_LINGER_MS)

    def _prepare(self) -> None:
        topics = [topic for agency in self._agencies if (topic := self._topics.get(agency)) and topic not in self._followed]
        if topics:
            self._outbox.expect(topics)
            self._follow({}, *topics)

    def _take(self, number: int, item: Item) -> None:
        if isinstance(item, Stamp):
            topic = self._topic(item.agency)
            if isinstance(topic, str):
                mac = sign(self._settings.control_keys().signing, topic, item.value)
                self._outbox.send(topic, "", item.value, Ref(-1, "", item.agency, ""), [(CONTROL_HEADER, mac)])
            return
        self._ledger.summary.read += 1
        if isinstance(item, Rejected):
            self._ledger.rejected(item)
            return
        agency = self._agency or item.agency or ""
        ref = Ref(number, item.where, agency, item.case_no)
        if self._positions and number in self._positions.delivered:
            self._ledger.delivered(ref, *self._positions.delivered[number])
            self._ledger.summary.resumed += 1
            return
        topic = self._topic(agency)
        if isinstance(topic, Rejected):
            self._ledger.rejected(topic, ref)
        else:
            self._outbox.send(topic, item.case_no, item.value, ref, ordered=item.by_edition)

    def _topic(self, agency: str) -> str | Rejected:
        """The agency's topic, its receipts followed from before the first message."""
        topic = self._topics.get(agency)
        if topic is None:
            if not _AGENCY.match(agency):
                return _no_agency(agency)
            if self._register is None:
                return _unregistered(agency)
            self._register({agency})
            self._topics = self._mailbox.agencies()
            topic = self._topics.get(agency)
            if topic is None:
                return _unregistered(agency)
        if topic not in self._followed:
            self._follow({}, topic)
        return topic

    def _follow(self, start: dict[str, int], *topics: str) -> None:
        incoming = topics or tuple("in." + receipts.removeprefix("receipts.") for receipts in start)
        places = self._mailbox.follow(incoming, start)
        self._followed.update(incoming)
        if self._positions and not start:
            self._positions.following(places)

    def _look(self, timeout_s: float = 0.0) -> int:
        """Read what came back. Returns how many receipts that was."""
        # asked first: the outbox's thread may deliver the last message after its reports are read, and its receipt is then an early one
        is_all_reported = not self._outbox.under_way
        delivered = []
        for report in self._outbox.reports():
            if report.token.number < 0:
                continue
            if isinstance(report, Delivered):
                delivered.append((report.token.number, report))
                self._ledger.delivered(report.token, report.topic, report.offset)
            else:
                self._ledger.rejected(report.rejected, report.token)
        if self._positions and delivered:
            self._positions.add(delivered)
        answers = self._mailbox.answers(timeout_s)
        for answer in answers:
            self._ledger.received(answer)
        if is_all_reported and not (self._positions and self._positions.delivered):
            self._ledger.all_delivered()
        self._show()
        return len(answers)

    def _await_receipts(self) -> None:
        last = time.monotonic()
        while self._ledger.waiting and time.monotonic() - last < self._wait_s:
            if self._look(0.25):
                last = time.monotonic()
        self._show(now=True)

    def _show(self, *, now: bool = False) -> None:
        if now or time.monotonic() - self._shown_at >= _PROGRESS_S:
            self._shown_at = time.monotonic()
            summary = self._ledger.summary
            answered = self._ledger.answered
            taken = answered - summary.outcomes[Outcome.REJECTED]
            self._progress(Progress(summary.read, summary.sent, answered, taken, len(summary.refusals)))


def _no_agency(agency: str) -> Rejected:
    if not agency:
        return Rejected(reason=Reason.MISSING_FIELD, field="agency", detail="the message names no agency: give the sender with --agency")
    return Rejected(reason=Reason.INVALID_VALUE, field="agency", detail=f"{agency[:60]!r} is not an agency code such as VN-CUSTOMS")


def _unregistered(agency: str) -> Rejected:
    detail = f"{agency} is not registered here, or you may not send for it. The operator adds it with `mekong agency add {agency}`."
    return Rejected(reason=Reason.UNREGISTERED_AGENCY, field="agency", detail=detail)
