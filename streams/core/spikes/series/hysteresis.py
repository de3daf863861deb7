"""Decides from the verdict on a bucket whether an alert opens, escalates (once) or clears. It opens again only after it has cleared."""

from __future__ import annotations

from typing import Any, NamedTuple

from mekong.schemas.alerts import State
from mekong.streams.core.spikes.rules import SpikeRules
from mekong.streams.core.spikes.statistics.verdict import Verdict


class Peak(NamedTuple):
    """The least probable verdict while the alert was open."""

    p: float = 1.0
    observed: int = 0
    expected: float = 0.0
    bucket: int = 0
    """The last of the buckets that are counted together."""
    length: int = 1


class Standing(NamedTuple):
    """The state of a series' alert. ``opened`` is the bucket that opened it; None while nothing is unusual."""

    opened: int | None = None
    lowest: float = 1.0
    """The p-value of the last alert."""
    quiet: int = 0
    """Closed buckets in a row that were usual again."""
    is_escalated: bool = False
    is_told: bool = True
    """False while another alert of the same agency is about the same cases."""
    peak: Peak = Peak()

    @classmethod
    def from_stored(cls, stored: list[Any]) -> Standing:
        """A standing from what ``stored`` returned."""
        return cls(*stored)._replace(peak=Peak(*stored[-1]))

    def stored(self) -> list[Any]:
        """The standing as plain JSON values."""
        return [*self[:-1], list(self.peak)]


def rise(standing: Standing, seen: Verdict, rules: SpikeRules, factor: float = 1.0) -> tuple[Standing, State | None]:
    """The standing after a verdict at any moment of the bucket. ``factor`` makes opening harder, because a second look counts less."""
    p = seen.p
    if standing.opened is None:
        if p < rules.open_p / factor:
            return _higher(Standing(seen.bucket, p, is_escalated=p < rules.severe_p), seen), State.OPEN
    elif not standing.is_escalated and p < min(standing.lowest / rules.escalate, rules.severe_p):
        return _higher(standing._replace(lowest=p, is_escalated=True), seen), State.ESCALATED
    return standing, None


def settle(standing: Standing, seen: Verdict, rules: SpikeRules) -> tuple[Standing, State | None]:
    """The standing after a bucket has closed."""
    if standing.opened is None:
        return standing, None
    quiet = standing.quiet + 1 if seen.p > rules.clear_p else 0
    if quiet >= rules.quiet_buckets:
        return Standing(), State.CLEARED
    return _higher(standing._replace(quiet=quiet), seen), None


def _higher(standing: Standing, seen: Verdict) -> Standing:
    is_peak = seen.p < standing.peak.p
    return standing._replace(peak=Peak(seen.p, seen.observed, seen.expected, seen.bucket, seen.length)) if is_peak else standing
