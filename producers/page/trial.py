"""Tests the way from the browser to a receipt and back: a test message, its receipt, and the clock of the person's computer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

from mekong.producers.gateway.parcels import Letter
from mekong.producers.gateway.state import State
from mekong.producers.page.visit import Visit
from mekong.schemas.receipts import Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.trial import trial_message
from mekong.schemas.wire import decode

RECEIPT_WITHIN_S = 20.0
_MOST_OFF_S = 60
_PAGE = 1_000
_FINE = frozenset({Reason.TEST_MESSAGE, Reason.UNKNOWN_MESSAGE_TYPE})
"""An exchange of an older version gives the second one."""


class Tested(NamedTuple):
    """What the test has found."""

    receipt: Receipt | None
    """None when none came in time: the message is stored, and intake has not answered it yet."""
    took_s: float
    off_s: int | None
    """How far the computer's clock is ahead of the exchange's; None when the browser did not say its time."""

    @property
    def is_fine(self) -> bool:
        """Whether the receipt is the one that a test must get."""
        return self.receipt is not None and self.receipt.reason in _FINE

    @property
    def is_clock_off(self) -> bool:
        """Whether a person should set the clock."""
        return self.off_s is not None and abs(self.off_s) > _MOST_OFF_S


async def tested(visit: Visit, now_ms: str) -> Tested:
    """Send a test message and wait for its receipt. ``now_ms``: the browser's time, as its form has it. Raises Problem."""
    assert visit.caller  # noqa: S101 - a person who has entered
    agency, began = visit.caller.agency, time.monotonic()
    topic = INCOMING.of(agency)
    off_s = round(int(now_ms) / 1000 - time.time()) if now_ms.isdecimal() and len(now_ms) < 15 else None  # noqa: PLR2004
    case_no = f"test {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    place = await visit.state.mailroom.place(receipts_of(topic))
    letter = Letter(1, case_no, trial_message(agency, case_no))
    fates, place, _ = await visit.state.courier(topic).deliver([letter], [], None, place)
    fate = fates.get(1)
    receipt = await _receipt(visit.state, topic, place, fate) if isinstance(fate, int) else None
    return Tested(receipt, time.monotonic() - began, off_s)


async def _receipt(state: State, topic: str, after: int, offset: int) -> Receipt | None:
    until = time.monotonic() + RECEIPT_WITHIN_S
    while (left_s := until - time.monotonic()) > 0 and not state.mailroom.is_closed:
        found = await state.mailroom.read(receipts_of(topic), after, _PAGE, left_s)
        after = found.next
        for receipt in (decode(raw, Receipt) for _, raw in found.receipts):
            if receipt.source_offset == offset:
                return receipt
    return None
