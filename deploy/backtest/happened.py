"""Finds what happened around an alert: the cases before and after it, and which goods and agencies had them.

All figures count the cases after the last journal entry, so they include late reports and corrections.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from mekong.deploy.backtest.compare import NETWORK, RaisedAlert
from mekong.deploy.backtest.tally import ALL, Tally
from mekong.schemas.alerts import Kind, State
from mekong.streams.core.spikes.series.spans import days_of, number_of
from mekong.streams.core.spikes.statistics.shape import Size

_BEFORE: dict[Size, int] = {"month": 12, "week": 8, "day": 28}
_AFTER: dict[Size, int] = {"month": 3, "week": 4, "day": 14}
_RANKED = frozenset({Kind.SPIKE, Kind.RETRO_SPIKE})
_MOST_PARTS = 2
_LEAST_SHARE = 0.1
_MG_PER_KG = 1_000_000


class Figures(NamedTuple):
    """The figures of one bucket, or of an average bucket."""

    cases: float
    mass_kg: float


class Part(NamedTuple):
    """A part of the rise: of one kind of goods, or of one agency."""

    name: str
    cases: float
    before: float
    """A bucket, on average."""
    share: float
    """The part's share of the increase. It is above 1 when the other parts fell."""


class Happened(NamedTuple):
    """One rise, from the data."""

    raised: RaisedAlert
    who: str
    size: Size
    height: date
    """First day of its highest bucket."""
    now: Figures
    """At its height."""
    before: Figures | None
    """An average bucket of those before; None where the data begin with it."""
    after: Figures | None
    """The same of those after it was over; None where it is not over, or the data end with it."""
    goods: tuple[Part, ...]
    agencies: tuple[Part, ...]
    """Only of a rise of all members together."""

    @property
    def bits(self) -> float:
        """How improbable it was."""
        return self.raised.height.explain.bits or 0.0


class _Series:
    """One series of the tally, in buckets of its size."""

    def __init__(self, tally: Tally, agency: str | None, group: str, size: Size) -> None:
        self.tally, self.agency, self.group, self.size = tally, agency, group, size

    def at(self, bucket: int, goods: str = ALL, agency: str | None = None) -> Figures:
        return self._sum(bucket, bucket, goods, agency)

    def mean(self, buckets: range, goods: str = ALL, agency: str | None = None) -> Figures | None:
        """The mean of the buckets that have data. None when no bucket has data."""
        if self.tally.first is None or self.tally.last is None:
            return None
        first = max(buckets.start, number_of(self.size, self.tally.first))
        last = min(buckets.stop - 1, number_of(self.size, self.tally.last))
        if first > last:
            return None
        cases, mass_kg = self._sum(first, last, goods, agency)
        return Figures(cases / (last - first + 1), mass_kg / (last - first + 1))

    def _sum(self, first: int, last: int, goods: str, agency: str | None) -> Figures:
        days = (days_of(self.size, first)[0], days_of(self.size, last)[1])
        found = self.tally.sum(agency or self.agency, self.group, goods, days)
        return Figures(found.cases, found.mass_mg / _MG_PER_KG)


def strongest(found: Iterable[RaisedAlert], tally: Tally, most: int) -> list[Happened]:
    """The rises that were the least probable, with what happened."""
    ranked = [one for one in found if one.opened.kind in _RANKED]
    ranked.sort(key=lambda one: (one.height.explain.p or 0.0, one.name))
    return [happened(one, tally) for one in ranked[:most]]


def happened(raised: RaisedAlert, tally: Tally) -> Happened:
    """Look it up."""
    alert, size = raised.opened, raised.opened.bucket.size
    series = _Series(tally, alert.agency, alert.commodity_group or ALL, size)
    first = number_of(size, alert.opened.toordinal())
    last = max(first, *(number_of(size, one.bucket.end.toordinal()) for one in raised.states))
    height = max(range(first, last + 1), key=lambda bucket: series.at(bucket).cases)
    before, is_over = range(first - _BEFORE[size], first), any(one.state is State.CLEARED for one in raised.states)
    return Happened(
        raised=raised,
        who=tally.names.get(alert.agency, alert.agency) if alert.agency else NETWORK,
        size=size,
        height=date.fromordinal(days_of(size, height)[0]),
        now=series.at(height),
        before=series.mean(before),
        after=series.mean(range(last + 1, last + 1 + _AFTER[size])) if is_over else None,
        goods=_parts(series, height, before, [(name, name, None) for name in tally.goods(alert.agency, series.group)]),
        agencies=()
        if alert.agency
        else _parts(series, height, before, [(tally.names.get(one, one), ALL, one) for one in tally.agencies()]),
    )


def _parts(series: _Series, height: int, before: range, parts: Iterable[tuple[str, str, str | None]]) -> tuple[Part, ...]:
    """The parts that rose the most. Each part is a name, goods, and an agency or None."""
    usual = series.mean(before)
    whole = series.at(height).cases - (usual.cases if usual else 0.0)
    found = []
    for name, goods, agency in parts:
        now, mean = series.at(height, goods, agency).cases, series.mean(before, goods, agency)
        more = now - (mean.cases if mean else 0.0)
        if whole > 0 and more >= _LEAST_SHARE * whole:
            found.append(Part(name, now, mean.cases if mean else 0.0, more / whole))
    return tuple(sorted(found, key=lambda part: (-part.share, part.name))[:_MOST_PARTS])
