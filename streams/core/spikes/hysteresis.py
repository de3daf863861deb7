"""One p-value a bucket in, what to tell of the series out: opened, escalated once, cleared. Nothing re-opens before it is cleared."""

from __future__ import annotations

from typing import Any, NamedTuple

from schemas.alerts import State
from streams.core.spikes.rules import SpikeRules


class Standing(NamedTuple):
    """Where a series stands. ``opened`` is the bucket that opened it, None while nothing is unusual."""

    opened: int | None = None
    lowest: float = 1.0
    """The p-value last told."""
    quiet: int = 0
    """Closed buckets in a row that were usual again."""
    is_escalated: bool = False
    is_told: bool = True
    """False while another alert of the same agency tells of the same cases."""

    @classmethod
    def from_stored(cls, stored: list[Any]) -> Standing:
        """Read what ``stored`` gave."""
        return cls(*stored)

    def stored(self) -> list[Any]:
        """Plain JSON values."""
        return list(self)


def rise(standing: Standing, bucket: int, p: float, rules: SpikeRules, factor: float = 1.0) -> tuple[Standing, State | None]:
    """What a p-value does at any moment of the bucket. ``factor`` makes opening harder: a second look counts for less."""
    if standing.opened is None:
        if p < rules.open_p / factor:
            return Standing(bucket, p, is_escalated=p < rules.severe_p), State.OPEN
    elif not standing.is_escalated and p < min(standing.lowest / rules.escalate, rules.severe_p):
        return standing._replace(lowest=p, is_escalated=True), State.ESCALATED
    return standing, None


def settle(standing: Standing, p: float, rules: SpikeRules) -> tuple[Standing, State | None]:
    """What a closed bucket does to an open alert."""
    if standing.opened is None:
        return standing, None
    quiet = standing.quiet + 1 if p > rules.clear_p else 0
    if quiet >= rules.quiet_buckets:
        return Standing(), State.CLEARED
    return standing._replace(quiet=quiet), None
