"""Finds the sender's own order of a message, and compares two orders. Identity is not order: docs/decisions/0016.

An order is one text, ``<kind> <value>``: ``revision 12``, ``reported_at 2026-05-03T06:20:00.000000Z`` or ``edition …``. Only two orders of
the same kind can be compared.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from mekong.schemas.batches import EDITION_HEADER
from mekong.schemas.limits import AHEAD_S
from mekong.schemas.messages import Envelope
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import from_ms, read_instant

REVISION, REPORTED_AT, EDITION = "revision", "reported_at", "edition"


def order_of(message: Envelope, edition: datetime | None) -> str | None:
    """The sender's order: its revision; without one, the time of its report; without both, the edition of its file. None without all."""
    if message.revision is not None:
        return f"{REVISION} {message.revision}"
    if message.reported_at is not None:
        return f"{REPORTED_AT} {_text(message.reported_at)}"
    return f"{EDITION} {_text(edition)}" if edition is not None else None


def edition_of(header: bytes | None) -> datetime | Rejected | None:
    """The time of the edition of a message's file, as the header has it."""
    if not header:
        return None
    try:
        return read_instant(header.decode("ascii"))
    except ValueError as exc:
        return Rejected(reason=Reason.BAD_DATE, field=EDITION_HEADER, detail=f"{header[:60]!r} in the header: {exc}")


def too_far_ahead(message: Envelope, edition: datetime | None, received_ms: int) -> Rejected | None:
    """Reject a time of the sender that is minutes after the broker's clock. A message with a wrong clock would be the newest for long."""
    latest = _latest(received_ms)
    for field, at in ((REPORTED_AT, message.reported_at), (EDITION_HEADER, edition)):
        if at is not None and at > latest:
            why = f"{at.isoformat()} is more than {AHEAD_S // 60} minutes after the exchange received it: check the clock"
            return Rejected(reason=Reason.FUTURE_DATE, field=field, detail=why)
    return None


@lru_cache(maxsize=64)
def _latest(received_ms: int) -> datetime:
    """The latest time that is accepted. It has a cache, because records that were appended together have the same time."""
    return from_ms(received_ms) + timedelta(seconds=AHEAD_S)


def older(mine: str | None, other: str | None) -> bool:
    """Whether ``mine`` is before ``other``. When the kinds differ or one is missing, neither is before the other: arrival decides."""
    return _kind(mine) == _kind(other) and _rank(mine) < _rank(other)


def newer(mine: str | None, other: str | None) -> bool:
    """Whether ``mine`` is after ``other``. A revision is after every order of another kind, so that a sender can begin to number."""
    if _kind(mine) == REVISION != _kind(other):
        return True
    return older(other, mine)


def newer_than(order: str | None) -> str:
    """In words, what a message must have to be newer than ``order``."""
    kind, _, value = (order or "").partition(" ")
    if kind == REVISION:
        return f"a revision above {value}"
    return f"a revision, or a reported_at after {value}" if kind == REPORTED_AT else "a revision"


def _kind(order: str | None) -> str:
    return order.partition(" ")[0] if order else ""


def _rank(order: str | None) -> tuple[int, str]:
    kind, _, value = (order or "").partition(" ")
    return (int(value), "") if kind == REVISION else (0, value)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
