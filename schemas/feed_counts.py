"""Counts what became of an agency's messages: how many were rejected, which codes failed, and how late the reports were. Pure.

Receipts are added one by one, and counts are added to counts. Intake counts each message, so the values are plain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, Self

from pydantic import Field

from mekong.schemas.receipts import Outcome
from mekong.schemas.record import Moment, Record
from mekong.schemas.rejected import Reason
from mekong.schemas.times import Precision, read_event_time, text_of_ms

KEPT_CODES = 20
"""The codes that stored counts have: a bound for a state and for a record. The ones that failed most often stay."""
_MOST_DETAIL = 300
_INDEX = re.compile(r"\.\d+(?=\.|$)")
_EXACT_DAYS, _LONG_DAYS = 100, 1_000
_MINUTES = 24 * 60
_DAY_MS = 24 * 60 * 60_000
_FIRST_DAY = date(1970, 1, 1).toordinal()


class Failing(Record):
    """A code that was rejected again and again."""

    field: str
    """Without the number of the line: ``lines.unit``."""
    detail: str
    """The sentence of the receipts, which names the code that was probably meant."""
    times: int
    last_at: Moment


class Counted(Record):
    """Counts of some messages, as they are stored. Tests of the connection do not count."""

    messages: int
    rejected: int
    last_at: Moment
    """When the last of them was received."""
    failing: tuple[Failing, ...] = ()
    """At most ``KEPT_CODES`` codes."""
    delays: dict[int, int] = Field(default_factory=dict)
    """Days from the seizure to the first report -> cases. From 100 days on they are rounded up to tens, from 1,000 on to hundreds."""


class Code(NamedTuple):
    """A code that failed: where, and what its receipts say."""

    field: str
    detail: str


class Times(NamedTuple):
    """How often a code failed, and when last."""

    times: int
    last_at: str


class FeedCounts:
    """The counts of some messages. With ``most_codes`` they are bounded, whatever is sent."""

    __slots__ = ("delays", "failing", "last_at", "messages", "most_codes", "rejected")

    def __init__(self, most_codes: int | None = None) -> None:
        self.most_codes = most_codes
        self.messages = self.rejected = 0
        self.last_at = ""
        """UTC with milliseconds, as in ``to_text``; empty before the first message."""
        self.failing: dict[Code, Times] = {}
        self.delays: dict[int, int] = {}

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None, most_codes: int | None = KEPT_CODES) -> Self:
        """The counts of a JSON value of ``Counted``."""
        found = cls(most_codes)
        if stored is not None:
            found.messages, found.rejected, found.last_at = stored["messages"], stored["rejected"], stored["last_at"]
            found.failing = {Code(one["field"], one["detail"]): Times(one["times"], one["last_at"]) for one in stored.get("failing", ())}
            found.delays = {int(days): cases for days, cases in stored.get("delays", {}).items()}
        return found

    def stored(self) -> dict[str, Any]:
        """The JSON value of ``Counted``. Call it only when there are messages."""
        found: dict[str, Any] = {"messages": self.messages, "rejected": self.rejected, "last_at": self.last_at}
        if self.failing:
            found["failing"] = [code._asdict() | times._asdict() for code, times in self.failing.items()]
        if self.delays:
            found["delays"] = {str(days): self.delays[days] for days in sorted(self.delays)}
        return found

    def add(self, receipt: Mapping[str, Any], received_ms: int) -> None:
        """Count one receipt. ``receipt``: the fields of ``Receipt``; ``received_ms``: milliseconds since 1970."""
        reason = receipt.get("reason")
        if reason == Reason.TEST_MESSAGE:
            return
        self.messages += 1
        received_at = text_of_ms(received_ms)
        self.last_at = max(self.last_at, received_at)
        if receipt["outcome"] == Outcome.REJECTED:
            self.rejected += 1
            if reason == Reason.UNKNOWN_CODE:
                code = Code(_INDEX.sub("", receipt.get("field") or ""), (receipt.get("detail") or "")[:_MOST_DETAIL])
                self._fail(code, Times(1, received_at))
        elif seized_at := receipt.get("seized_at"):
            days = _days_to_report(seized_at, received_ms)
            if days is not None:
                self.delays[days] = self.delays.get(days, 0) + 1

    def merge(self, other: FeedCounts) -> None:
        """Add other counts."""
        self.messages += other.messages
        self.rejected += other.rejected
        self.last_at = max(self.last_at, other.last_at)
        for code, times in other.failing.items():
            self._fail(code, times)
        for days, cases in other.delays.items():
            self.delays[days] = self.delays.get(days, 0) + cases

    def _fail(self, code: Code, more: Times) -> None:
        known = self.failing.get(code)
        if known is not None:
            self.failing[code] = Times(known.times + more.times, max(known.last_at, more.last_at))
            return
        if self.most_codes is not None and len(self.failing) >= self.most_codes:
            rarest = min(self.failing, key=lambda one: (*self.failing[one], one))
            if self.failing[rarest].times > more.times:
                return
            del self.failing[rarest]
        self.failing[code] = more


def _days_to_report(seized_at: str, received_ms: int) -> int | None:
    """Whole days; None for a seizure of which only the month is known."""
    time = read_event_time(seized_at)
    if time.precision is Precision.TIME and time.minute is not None:
        return _rounded((received_ms // 60_000 - time.minute) // _MINUTES)
    if time.precision is not Precision.DAY:
        return None
    return _rounded(_FIRST_DAY + received_ms // _DAY_MS - time.day.toordinal())


def _rounded(days: int) -> int:
    """At least 0. Longer ones are rounded up, so there are few different numbers."""
    if days < _EXACT_DAYS:
        return max(0, days)
    step = _EXACT_DAYS // 10 if days < _LONG_DAYS else _EXACT_DAYS
    return -(-days // step) * step
