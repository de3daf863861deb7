"""Limits how much one agency sends in a minute, and how much of it is under way, so that no agency delays the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, get_args

from mekong.producers.gateway.problem import Problem, later
from mekong.schemas import measured, metrics

MOST_REQUESTS = 100
"""Of one agency at the same time."""
MOST_BODY_BYTES = 40_000_000
"""Of one agency at the same time: bodies that are read or are on their way to the broker."""
MOST_WAITING = 20
"""Readers of one agency that wait for receipts at the same time. Who has left, or finds receipts at once, does not wait."""
_MINUTE_S = 60
_AT_ONCE_S = 10
"""An agency that was silent may send this many seconds of its quota at once."""


Limit = Literal["minute", "requests", "bytes", "readers"]
"""What an agency has reached when it is answered 429."""


class Limits(NamedTuple):
    """Of one agency and minute."""

    messages: int
    bytes: int


class Quota:
    """What one agency has left. A request may go into debt: its successors wait until the debt is paid."""

    def __init__(self, limits: Limits, now_s: float) -> None:
        self._at_s = now_s
        self._most = [one * _AT_ONCE_S / _MINUTE_S for one in limits]
        self._left = list(self._most)
        self.requests = self.body_bytes = self.waiting = 0

    def wait_s(self, now_s: float) -> float:
        """Seconds until the agency may send again; 0 when it may send now."""
        passed, self._at_s = max(0.0, now_s - self._at_s), max(now_s, self._at_s)
        self._left = [min(most, left + most * passed / _AT_ONCE_S) for most, left in zip(self._most, self._left, strict=True)]
        return max(-left * _AT_ONCE_S / most if left <= 0 else 0.0 for most, left in zip(self._most, self._left, strict=True))

    def charge(self, messages: int, size: int) -> None:
        """Count what was sent."""
        self._left = [self._left[0] - messages, self._left[1] - size]


class Quotas:
    """The quotas of all agencies. They are in memory: another gateway, or this one after a restart, counts from the beginning."""

    def __init__(self, limits: Limits, now_s: float) -> None:
        self._quotas: defaultdict[str, Quota] = defaultdict(lambda: Quota(limits, now_s))
        for limit in get_args(Limit):
            measured.begin(limit=limit)

    @contextmanager
    def sending(self, agency: str, now_s: float) -> Iterator[Quota]:
        """Raises Problem (429) when the agency has used up its minute, or has too many requests under way."""
        quota = self._quotas[agency]
        if (wait_s := quota.wait_s(now_s)) > 0:
            raise _refusal("minute", f"{agency} has sent as much as it may in a minute. Send the rest later.", wait_s)
        if quota.requests >= MOST_REQUESTS or quota.body_bytes >= MOST_BODY_BYTES:
            raise _refusal("requests", f"{agency} has too many requests under way. Wait for an answer before the next request.", 1)
        quota.requests += 1
        try:
            yield quota
        finally:
            quota.requests -= 1

    def charge(self, agency: str, messages: int, size: int) -> None:
        """Count what the rest of a request costs. It is never refused: what was done for the request would be lost, and done again."""
        self._quotas[agency].charge(messages, size)

    @contextmanager
    def waiting(self, agency: str) -> Iterator[None]:
        """Raises Problem (429) when too many readers of the agency wait."""
        quota = self._quotas[agency]
        if quota.waiting >= MOST_WAITING:
            raise _refusal("readers", f"{MOST_WAITING} readers of {agency} wait for receipts already.", 5)
        quota.waiting += 1
        try:
            yield
        finally:
            quota.waiting -= 1


@contextmanager
def held(quota: Quota) -> Iterator[Callable[[int], None]]:
    """Gives what counts the bytes of one body as they arrive: they are under way until the block ends. It raises Problem (429)."""
    size = 0

    def hold(more: int) -> None:
        nonlocal size
        if quota.body_bytes + more > MOST_BODY_BYTES:
            raise _refusal(
                "bytes", f"Over {MOST_BODY_BYTES:,} bytes of your agency are under way. Wait for an answer before the next request.", 1
            )
        quota.body_bytes += more
        size += more

    try:
        yield hold
    finally:
        quota.body_bytes -= size


def _refusal(limit: Limit, why: str, wait_s: float) -> Problem:
    measured.count(metrics.REFUSALS, limit=limit)
    return later(429, why, wait_s)
