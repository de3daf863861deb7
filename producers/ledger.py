"""What was sent and what came back, matched by the offset of each message. Pure: it is told, and it counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from producers.answer import Answer, Noticed
from schemas.receipts import Outcome
from schemas.rejected import Reason, Rejected

MOST_NOTICES = 1_000
"""Notices of one sending that are kept with their sentence; all are counted."""


class Ref(NamedTuple):
    """A message as its sender knows it."""

    number: int
    """Which message of the file, from 0."""
    where: str
    agency: str
    case_no: str


class Refusal(NamedTuple):
    """One message, or one line, that was not taken."""

    where: str
    agency: str
    case_no: str
    reason: Reason
    field: str
    detail: str


class Remark(NamedTuple):
    """One notice on a message that was taken."""

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
    """Of those, the ones that an interrupted sending before this had delivered."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    noticed: Counter[str] = field(default_factory=Counter)
    """Code of a notice -> messages that were taken with it."""
    remarks: list[Remark] = field(default_factory=list)
    """The first ``MOST_NOTICES`` notices one by one."""
    unanswered: int = 0
    """Sent, but no receipt has come."""
    notes: list[str] = field(default_factory=list)
    """What the sender should know of the file as a whole."""

    @property
    def reasons(self) -> Counter[Reason]:
        """Why what was rejected was rejected."""
        return Counter(refusal.reason for refusal in self.refusals)

    @property
    def good(self) -> bool:
        """Everything was taken and answered."""
        return not self.refusals and not self.unanswered


class Ledger:
    """Each message is waited for from its delivery to its receipt. Receipts of other sendings are passed over."""

    def __init__(self) -> None:
        self.summary = Summary()
        self._waiting: dict[tuple[str, int], Ref] = {}
        self._early: dict[tuple[str, int], Answer] = {}

    def rejected(self, rejected: Rejected, ref: Ref | None = None) -> None:
        """A line that is no message, or a message that cannot be sent."""
        where, agency, case_no = (ref.where, ref.agency, ref.case_no) if ref else (rejected.where, "", "")
        self.summary.refusals.append(Refusal(where, agency, case_no, rejected.reason, rejected.field, rejected.detail))

    def delivered(self, ref: Ref, topic: str, offset: int) -> None:
        """The broker has the message."""
        self.summary.sent += 1
        key = (topic, offset)
        receipt = self._early.pop(key, None)
        if receipt is None:
            self._waiting[key] = ref
        else:
            self._close(ref, receipt)

    def received(self, receipt: Answer) -> None:
        """A receipt. It may come before the broker's word that its message is in."""
        key = (receipt.source_topic, receipt.source_offset)
        ref = self._waiting.pop(key, None)
        if ref is None:
            self._early[key] = receipt
        else:
            self._close(ref, receipt)

    def all_delivered(self) -> None:
        """Nothing is under way to the broker: receipts without a message of ours are of another sending."""
        self._early.clear()

    @property
    def waiting(self) -> int:
        """Messages without a receipt."""
        return len(self._waiting)

    @property
    def answered(self) -> int:
        """Messages with one."""
        return self.summary.outcomes.total()

    def finish(self) -> Summary:
        """The summary; refusals and notices in the order of the file."""
        self.summary.unanswered = len(self._waiting)
        self.summary.remarks.sort(key=lambda remark: _line(remark.where))
        self.summary.refusals.sort(key=lambda refusal: _line(refusal.where))
        return self.summary

    def _close(self, ref: Ref, receipt: Answer) -> None:
        self.summary.outcomes[receipt.outcome] += 1
        if receipt.notices:
            self._notice(ref, receipt.notices)
        if receipt.outcome is Outcome.REJECTED:
            reason = receipt.reason or Reason.INTERNAL
            self.summary.refusals.append(Refusal(ref.where, ref.agency, ref.case_no, reason, receipt.field, receipt.detail))

    def _notice(self, ref: Ref, notices: tuple[Noticed, ...]) -> None:
        self.summary.noticed.update({notice.code for notice in notices})
        room = MOST_NOTICES - len(self.summary.remarks)
        self.summary.remarks += [Remark(ref.where, ref.agency, ref.case_no, *notice) for notice in notices[:room]]


def _line(where: str) -> tuple[int, str]:
    number = where.rpartition(" ")[2]
    return (int(number) if number.isdecimal() else 0, where)
