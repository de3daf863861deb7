"""The client that an agency's system embeds: it sends messages, and gives a delivery report and later a receipt for each.

    with Client(Settings(), "VN-CUSTOMS") as client:
        client.send(Seizure(agency="VN-CUSTOMS", case_no="2026/118", ...))
        for receipt in client.wait_for_receipts():
            print(receipt.case_no, receipt.outcome, receipt.detail)

docs/python.md shows what a system stores so that it can go on after a crash.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from mekong.producers.outbox import Delivered, Report
from mekong.producers.resume_point import ResumePoint, read_resume_point
from mekong.producers.way import AnyMailbox, AnyOutbox, open_mailbox, open_outbox
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.messages import Correction, Feedback, Seizure, Warning, Withdrawal
from mekong.schemas.receipts import Receipt
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import encode, load

AnyMessage = Seizure | Correction | Withdrawal | Warning | Feedback
_POLL_S = 0.5


class Client:
    """Sends one agency's messages and reads its receipts. For one thread.

    Messages keep the order in which they are sent. A receipt belongs to a message by its offset: ``Receipt.source_offset`` is the
    ``Delivered.offset`` of that message. Receipts arrive in the order of the messages. Receipts for other programs that send for the same
    agency arrive too.

    Every method may raise Retriable, Refused or Fatal. On Retriable wait, open another client with the place that was stored, and send
    again every message without a ``Delivered``. A message that was already delivered gets the receipt ``duplicate``.
    """

    def __init__(self, settings: Settings, agency: str, *, place: str = "", batch: str = "", topic: str = "") -> None:
        """Connect, and follow the receipts from ``place``, or else from now on.

        ``batch`` names this sending in the exchange's records. ``topic`` is only for an agency that sends to another topic than
        ``in.<agency>.v1``. Raises Retriable when the exchange cannot be reached. Raises Refused when the agency has no topic here, a
        setting is wrong, or ``place`` is not of this exchange.
        """
        self.topic = topic or INCOMING.of(agency)
        self._reports: list[Report[str]] = []
        self._came: list[Receipt] = []
        self._answered = -1
        begin = read_resume_point(place, self.topic) if place else None
        with ExitStack() as opened:
            self._mailbox: AnyMailbox = open_mailbox(settings)
            opened.enter_context(self._mailbox)
            self._place = self._follow(begin)
            self._outbox: AnyOutbox[str] = open_outbox(settings, batch)
            opened.enter_context(self._outbox)
            self._opened = opened.pop_all()

    @property
    def place(self) -> str:
        """How far this client is: a text to store, and to give to the next client.

        Store it together with the reports and receipts that the client has given, in one transaction.
        """
        return str(self._place)

    def send(self, message: AnyMessage | bytes, token: str = "") -> None:
        """Put a message on its way: a Seizure, Correction, Withdrawal, Warning or Feedback; or its JSON, which is sent as it is.

        ``token`` is what the report calls the message; its case number when not given. Waits when too much is under way.
        """
        value, case_no = (message, _case_no(message)) if isinstance(message, bytes) else (encode(message), message.case_no)
        self._outbox.send(self.topic, case_no, value, token or case_no)

    def reports(self) -> list[Report[str]]:
        """The delivery reports since the last call, each a Delivered or an Undelivered, without waiting."""
        if not self._reports:
            self._take(self._outbox.reports())
        return self._given_reports()

    def flush(self) -> list[Report[str]]:
        """Wait for the delivery reports of all that was sent. What is known when it raises, ``reports`` gives."""
        self._deliver()
        return self._given_reports()

    def receipts(self, wait_s: float = 0.0) -> list[Receipt]:
        """The receipts since the last call, in the order of the messages. Waits for the first one at most ``wait_s`` seconds."""
        self._poll(0.0 if self._came else wait_s)
        sent = self._place.sent if self._is_waiting() else -1
        self._place = ResumePoint(self.topic, self._mailbox.place(receipts_of(self.topic)), sent)
        found, self._came = self._came, []
        return found

    def wait_for_receipts(self, wait_s: float = 60.0) -> list[Receipt]:
        """Wait for the receipts of everything that was sent, also before ``place``, and return all receipts that have arrived.

        The reports that came meanwhile are kept until ``reports`` or ``flush`` gives them: a client that lives long calls one of them.

        Raises Retriable when no receipt has come for ``wait_s`` seconds and some are missing. Those that came, ``receipts`` gives.
        """
        self._deliver()
        since = time.monotonic()
        while self._is_waiting():
            if self._poll(min(_POLL_S, wait_s)):
                since = time.monotonic()
            elif time.monotonic() - since >= wait_s:
                raise Retriable(f"no receipt has come from the exchange for {wait_s:g} s: ask its operator whether it runs")
        return self.receipts()

    def close(self) -> None:
        """Close the connection. A message that is not delivered yet is not sent any more."""
        self._opened.close()

    def _follow(self, begin: ResumePoint | None) -> ResumePoint:
        receipts = receipts_of(self.topic)
        if not self._mailbox.has(self.topic):
            raise Refused(f"cannot send to {self.topic}: the topic does not exist, or you have no right to it (`mekong agency list`).")
        if begin is None:
            return ResumePoint(self.topic, self._mailbox.follow([self.topic])[receipts])
        if not self._mailbox.reach({receipts: begin.read}):
            raise Refused(f"the place {begin} is not of this exchange: begin without a place, and send again what has no receipt")
        self._mailbox.follow([self.topic], {receipts: begin.read})
        return begin

    def _poll(self, wait_s: float) -> bool:
        came = self._mailbox.poll(wait_s)
        if came:
            self._came += came
            self._answered = came[-1].source_offset
        return bool(came)

    def _deliver(self) -> None:
        while True:
            self._take(self._outbox.flush())
            if not self._outbox.under_way:
                self._take(self._outbox.reports())  # the outbox's thread may have delivered the last one after ``flush``
                return

    def _take(self, reports: list[Report[str]]) -> None:
        self._reports += reports
        newest = max((report.offset for report in reports if isinstance(report, Delivered)), default=-1)
        if newest > max(self._place.sent, self._answered):  # a receipt may arrive before the broker acknowledges its message
            self._place = self._place._replace(sent=newest)

    def _given_reports(self) -> list[Report[str]]:
        found, self._reports = self._reports, []
        return found

    def _is_waiting(self) -> bool:
        """Receipts arrive in the order of the messages. When the newest message has its receipt, all have one."""
        return self._place.sent > self._answered

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _case_no(value: bytes) -> str:
    try:
        found = load(value)
    except ValueError:
        return ""
    case_no = found.get("case_no") if isinstance(found, dict) else None
    return case_no if isinstance(case_no, str) else ""
