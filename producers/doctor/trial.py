"""Sends a test message, waits for its receipt, and compares the clock of this machine with the broker's. Nothing is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from mekong.producers.doctor.step import OPERATOR, Failed, Found
from mekong.producers.outbox import Outbox, Undelivered
from mekong.producers.receipts import Mailbox
from mekong.schemas.limits import AHEAD_S
from mekong.schemas.receipts import Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.settings import Settings
from mekong.schemas.times import from_ms
from mekong.schemas.trial import trial_message

RECEIPT_WITHIN_S = 15.0
_DELIVERED_WITHIN_S = 10
_MOST_OFF_S = 60
_POLL_S = 0.5


class Stored(NamedTuple):
    """The test message in its topic."""

    offset: int
    before: datetime
    appended: datetime
    """By the broker's clock; the other two are by this machine's."""
    after: datetime


def trial_steps(settings: Settings, agency: str, topic: str, now: Callable[[], datetime]) -> Iterator[Found]:
    """The test message and its receipt, then the clock. Raises Failed, and the errors of a broker that is away."""
    with Mailbox(settings) as mailbox:
        mailbox.follow([topic])
        stored = _send(settings, agency, topic, now)
        since = time.monotonic()
        receipt = _receipt(mailbox, topic, stored.offset)
        yield answered(agency, receipt, time.monotonic() - since)
    yield clock(stored)


def _send(settings: Settings, agency: str, topic: str, now: Callable[[], datetime]) -> Stored:
    before = now()
    case_no = f"test {before:%Y-%m-%dT%H:%M:%SZ}"
    with Outbox[str](settings, "doctor", linger_ms=0, delivery_timeout_s=_DELIVERED_WITHIN_S) as outbox:
        outbox.expect([topic])
        outbox.send(topic, case_no, trial_message(agency, case_no), case_no)
        (report,) = outbox.flush(_DELIVERED_WITHIN_S)
        after = now()
        if isinstance(report, Undelivered):
            raise Failed(f"the broker refuses the test message: {report.rejected.detail}", f"{OPERATOR} for the reason")
        return Stored(report.offset, before, from_ms(outbox.appended_ms or 0), after)


def _receipt(mailbox: Mailbox, topic: str, offset: int) -> Receipt:
    until = time.monotonic() + RECEIPT_WITHIN_S
    while time.monotonic() < until:
        for receipt in mailbox.poll(_POLL_S):
            if receipt.source_offset == offset:
                return receipt
    raise Failed(
        f"the broker has stored the test message ({topic}, offset {offset}), and no receipt came within {RECEIPT_WITHIN_S:g} s",
        f"{OPERATOR} whether intake runs, or has much to read (`mekong status`). What you send is kept until it does",
    )


def answered(agency: str, receipt: Receipt, took_s: float) -> Found:
    """What the receipt of a test message says. Raises Failed when the exchange rejects what the agency sends."""
    if receipt.reason is Reason.TEST_MESSAGE:
        return Found("message", "ok", f"the receipt of a test message came after {took_s:.1f} s; nothing of it was kept")
    if receipt.reason is Reason.UNKNOWN_MESSAGE_TYPE:
        said = f"a receipt came after {took_s:.1f} s; the exchange is older than this program, and kept nothing of it"
        return Found("message", "ok", said)
    said = f"the exchange rejects what {agency} sends: {receipt.reason} ({receipt.field}): {receipt.detail}"
    raise Failed(said, f"{OPERATOR} for the reason, with this sentence")


def clock(stored: Stored) -> Found:
    """How far this machine's clock is from the broker's. Raises Failed when it is off by more than a minute."""
    off = _off(stored)
    if abs(off) <= timedelta(seconds=_MOST_OFF_S):
        return Found("clock", "ok", f"within {max(1, round(abs(off).total_seconds()))} s of the broker's")
    side = "ahead of" if off > timedelta(0) else "behind"
    said = f"this machine's clock is {_length(abs(off))} {side} the broker's"
    if off > timedelta(seconds=AHEAD_S):
        said += f". Messages whose reported_at is more than {AHEAD_S // 60} minutes ahead are rejected (future_date)"
    raise Failed(said, f"your system administrator to set the clock (NTP). If it is right, tell {OPERATOR}")


def _off(stored: Stored) -> timedelta:
    """What no delay on the way can explain: the broker's time was between the sending and its answer, or this clock is wrong."""
    if stored.appended < stored.before:
        return stored.before - stored.appended
    return min(timedelta(0), stored.after - stored.appended)


def _length(off: timedelta) -> str:
    minutes = round(off.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"  # noqa: PLR2004 - two hours
