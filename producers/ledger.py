"""Matches what was sent with what came back, by the offset of each message. Pure: its caller reports events, and it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mekong.producers.answer import Answer, Noticed
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason, Rejected

MOST_NOTICES = 1_000
"""Notices of one sending that are kept with their sentence; all are counted."""
_STALE = "the exchange has a newer content of this case: nothing changed. If this one is right, send it as a correction"


class Ref(NamedTuple):
    """A message as its sender knows it."""

    number: int
    """The number of the message in the file, from 0."""
    where: str
    agency: str
    case_no: str


Answered = Callable[[Ref, Answer], None]


class Rejection(NamedTuple):
    """One message, or one line, that was rejected."""

    where: str
    agency: str
    case_no: str
    reason: Reason | str
    field: str
    detail: str


class Remark(NamedTuple):
    """One notice about an accepted message."""

    where: str
    agency: str
    case_no: str
    code: str
    field: str
    detail: str


@dataclass
class Summary:
    """What became of a file."""

    read: int = 0
    """Messages in it, and lines that are none."""
    sent: int = 0
    """Messages that the broker has."""
    resumed: int = 0
    """Those of ``sent`` that an earlier, interrupted sending had delivered."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refusals: list[Rejection] = field(default_factory=list)
    noticed: Counter[str] = field(default_factory=Counter)
    """Code of a notice -> number of accepted messages with it."""
    remarks: list[Remark] = field(default_factory=list)
    """The first ``MOST_NOTICES`` notices one by one."""
    stale: list[Remark] = field(default_factory=list)
    """Messages that changed nothing, because the exchange has something newer: each with what to do."""
    unanswered: int = 0
    """Messages that were sent and have no receipt."""
    notes: list[str] = field(default_factory=list)
    """What the sender should know about the complete file."""
    edition: str = ""
    """The time of the file, when it is an edition."""
    held: list[str] = field(default_factory=list)
    """Why nothing was sent: questions that nobody has answered."""

    @property
    def reasons(self) -> Counter[Reason | str]:
        """Why what was rejected was rejected."""
        return Counter(refusal.reason for refusal in self.refusals)

    @property
    def good(self) -> bool:
        """Whether everything was accepted and answered, and nobody needs to look at it."""
        return not (self.refusals or self.unanswered or self.stale or self.held)


class Ledger:
    """Each message is waited for from its delivery to its receipt. Receipts of other sendings are passed over."""

    def __init__(self, answered: Answered = lambda *_: None) -> None:
        """``answered`` is called with each message and its receipt."""
        self.summary, self._answered = Summary(), answered
        self._waiting: dict[tuple[str, int], Ref] = {}
        self._early: dict[tuple[str, int], Answer] = {}

    def rejected(self, rejected: Rejected, ref: Ref | None = None) -> None:
        """Count a line that is not a message, or a message that cannot be sent."""
        where, agency, case_no = (ref.where, ref.agency, ref.case_no) if ref else (rejected.where, "", rejected.case_no)
        self.summary.refusals.append(Rejection(where, agency, case_no, rejected.reason, rejected.field, rejected.detail))

    def delivered(self, ref: Ref, topic: str, offset: int) -> None:
        """Record that the broker has the message."""
        self.summary.sent += 1
        key = (topic, offset)
        receipt = self._early.pop(key, None)
        if receipt is None:
            self._waiting[key] = ref
        else:
            self._close(ref, receipt)

    def received(self, receipt: Answer) -> None:
        """Match a receipt with its message. The receipt may arrive before the broker acknowledges the message."""
        key = (receipt.source_topic, receipt.source_offset)
        ref = self._waiting.pop(key, None)
        if ref is None:
            self._early[key] = receipt
        else:
            self._close(ref, receipt)

    def all_delivered(self) -> None:
        """Forget receipts without a message. No message is on its way to the broker, so these receipts belong to another sending."""
        self._early.clear()

    @property
    def waiting(self) -> int:
        """Messages without a receipt."""
        return len(self._waiting)

    @property
    def answered(self) -> int:
        """Messages with a receipt."""
        return self.summary.outcomes.total()

    def finish(self) -> Summary:
        """The summary. Its refusals and remarks are in the order of the file."""
        self.summary.unanswered = len(self._waiting)
        self.summary.remarks.sort(key=lambda remark: _line(remark.where))
        self.summary.refusals.sort(key=lambda refusal: _line(refusal.where))
        self.summary.stale.sort(key=lambda remark: _line(remark.where))
        return self.summary

    def _close(self, ref: Ref, receipt: Answer) -> None:
        self._answered(ref, receipt)
        self.summary.outcomes[receipt.outcome] += 1
        if receipt.notices:
            self._notice(ref, receipt.notices)
        if receipt.outcome is Outcome.STALE:
            code, detail = Outcome.STALE.value, receipt.detail or _STALE
            self.summary.stale.append(Remark(ref.where, ref.agency, ref.case_no, code, receipt.field, detail))
        if receipt.outcome is Outcome.REJECTED:
            reason = receipt.reason or Reason.INTERNAL
            self.summary.refusals.append(Rejection(ref.where, ref.agency, ref.case_no, reason, receipt.field, receipt.detail))

    def _notice(self, ref: Ref, notices: tuple[Noticed, ...]) -> None:
        self.summary.noticed.update({notice.code for notice in notices})
        room = MOST_NOTICES - len(self.summary.remarks)
        self.summary.remarks += [Remark(ref.where, ref.agency, ref.case_no, *notice) for notice in notices[:room]]


def _line(where: str) -> tuple[int, str]:
    number = where.rpartition(" ")[2]
    return (int(number) if number.isdecimal() else 0, where)
