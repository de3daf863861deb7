"""Keeps the clock of every agency: the day on which its cases count as arrived, and the first day that is not over for all agencies.

Partitions are read in any order, and no result may depend on this order. So an agency's day depends on its own partition alone. When the
clock writes the ticks, the day is:

    for most agencies the agency's own local day, by its last tick
    a new agency      two days after its first tick or later: by then no other clock on earth is further (``_NEW_DAYS``)
    a lost agency     the newest day of its partition, from the moment its clock has stopped (stopped.py) until it has caught up
    an agency that is away (parked, disabled, removed) is lost as soon as its day is before the newest day of its partition

The partition's own ticks move its newest day too. Otherwise everybody would wait for a silent agency that is alone in its partition.

When a replay writes the ticks, months pass in a second. Then an agency's day is its own local day: each agency gets every tick, so none
is new or lost. A day is over when it is over for every agency. So days are judged in order, and the result is the same however far apart
the partitions were read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from mekong.schemas.zones import day_in
from mekong.streams.core.counts.book import UTC
from mekong.streams.core.stopped import has_stopped

_NEW_DAYS = 2


class Expected(NamedTuple):
    """The partitions and agencies that are expected. No day is over before each of them had a tick."""

    partitions: Collection[int] = ()
    """The partitions that have entries."""
    agencies: Collection[str] = ()
    """The agencies that get every tick of a replay."""
    is_replay: bool = False

    def among(self, partitions: Iterable[int]) -> Expected:
        """The same, with only those of its partitions that are in ``partitions``."""
        return self._replace(partitions={*self.partitions} & {*partitions})


class Clocks:
    """The clocks of all agencies, stored as plain JSON.

    ``by``: agency -> its clock; ``fronts``: partition -> the newest day of its ticks, None before its first tick.
    """

    def __init__(self, kept: dict[str, Any], expected: Expected = Expected()) -> None:  # noqa: B008 - immutable
        self._expected = expected
        self._by: dict[str, dict[str, Any]] = kept["by"]
        self._fronts: dict[str, int | None] = kept["fronts"]

    def meet(self, agency: str, partition: int) -> None:
        """Note that an entry of an agency was read."""
        self._fronts.setdefault(str(partition), None)
        self._by.setdefault(agency, {"zone": UTC, "day": None, "from": 0, "lost": False, "in": str(partition)})

    def set_away(self, agency: str, why: str, *, is_away: bool) -> None:
        """Stop or start to wait for an agency. Each ``why`` counts alone: an agency is away as long as it has one."""
        clock = self._by[agency]
        clock["away"] = sorted({*clock.get("away", ())} - {why} | ({why} if is_away else set()))
        front = self._fronts[clock["in"]]
        if front is not None and not self._expected.is_replay:
            self._look_for_lost(clock["in"], front)

    def pass_to(self, partition: int, at: str) -> None:
        """Move the time of a partition to ``at``."""
        where, day = str(partition), datetime.fromisoformat(at).toordinal()
        self._fronts[where] = front = max(day, self._fronts.get(where) or 0)
        if not self._expected.is_replay:
            self._look_for_lost(where, front)

    def set_zone(self, agency: str, zone: str) -> None:
        """Set the time zone of the agency (schemas/zones.py)."""
        self._by[agency]["zone"] = zone

    def tick(self, agency: str, at: str) -> int | None:
        """Move the agency's time to ``at``. Returns the day that begins for it; None when no day begins."""
        clock = self._by[agency]
        day = day_in(datetime.fromisoformat(at), clock["zone"]).toordinal()
        if clock["day"] is not None and day <= clock["day"]:
            return None
        front = self._fronts[clock["in"]]
        if clock["day"] is None and not self._expected.is_replay:
            clock["from"] = max(day, front or 0) + _NEW_DAYS
        clock["day"] = day
        self._fronts[clock["in"]] = front = max(day, front or 0)
        if not self._expected.is_replay:
            self._look_for_lost(clock["in"], front)
        return day

    def _look_for_lost(self, partition: str, front: int) -> None:
        for one in self._by.values():
            if one["in"] == partition and one["day"] is not None:
                one["lost"] = one["day"] < front and (one["lost"] or has_stopped(front - one["day"], is_away=bool(one.get("away"))))
                if one["lost"]:
                    one["from"] = front

    def agencies(self) -> list[str]:
        """All agencies with an entry, in the order of their codes."""
        return sorted(self._by)

    def day_of(self, agency: str) -> int | None:
        """The day on which the agency's cases of this moment count as arrived; None before its first tick."""
        clock = self._by[agency]
        return None if clock["day"] is None else max(clock["day"], clock["from"])

    def today(self) -> int | None:
        """The first day that is not over for all agencies; None while an expected agency or partition had no tick."""
        if any(self._fronts.get(str(partition)) is None for partition in self._expected.partitions):
            return None
        if any(agency not in self._by or self._by[agency]["day"] is None for agency in self._expected.agencies):
            return None
        days = [max(one["day"], one["from"]) for one in self._by.values() if one["day"] is not None]
        coming = [front + _NEW_DAYS for front in self._fronts.values() if front is not None]  # a new agency there counts from this day on
        return min(days + coming) if days else None
