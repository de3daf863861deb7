"""Computes when the next attempt is due. Pure: the jitter is a function of the notification, so a restart keeps the times."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

FIRST_WAIT_S, FACTOR, LONGEST_WAIT_S = 5.0, 3.0, 7_200.0
GIVE_UP_AFTER = timedelta(hours=24)
"""The notifier stops trying this long after the end of the first attempt."""
_LAST_BITS = 2**32


def wait_s(notification_id: UUID, attempts: int) -> float:
    """Seconds from the end of attempt number ``attempts`` (from 1) to the next.

    5, 15, 45 … seconds, at most two hours, times 0.5 to 1.5. The random factor prevents that all attempts reach a receiver at once when
    it is back.
    """
    wait = min(FIRST_WAIT_S * FACTOR ** min(attempts - 1, 10), LONGEST_WAIT_S)
    digest = hashlib.blake2b(notification_id.bytes + attempts.to_bytes(4, "big"), digest_size=4).digest()
    return wait * (0.5 + int.from_bytes(digest, "big") / _LAST_BITS)


def next_attempt(notification_id: UUID, attempts: int, last: datetime, asked_s: float = 0.0) -> datetime:
    """When to try again; a receiver that asked for a longer wait (Retry-After) gets it, up to two hours."""
    return last + timedelta(seconds=max(wait_s(notification_id, attempts), min(asked_s, LONGEST_WAIT_S)))


def is_over(first: datetime, now: datetime) -> bool:
    """Whether the time to try is over: the attempt that ends now is the last one."""
    return now - first >= GIVE_UP_AFTER
