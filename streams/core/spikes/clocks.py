"""Every agency's clock in; the day on which what it sends counts as come, and the first day that is not over for all, out.

Partitions are read in any interleaving, and nothing may hang on it. So an agency's day is a function of its own partition alone. Where the
clock writes the ticks:

    its own local day, by its last tick
    a new agency      from two days behind its first tick on: by then nobody's clock, wherever on earth, is further (``_NEW_DAYS``)
    a lost agency     the newest day of its partition, while it is more than ``_LOST_DAYS`` behind that and until it has caught up

Where a replay does, months pass in a second, and an agency's day is its own local day: each gets every tick, so none is new or lost.
A day is over when every agency has left it; so days are judged in order, and what is judged is the same however far apart the partitions
were read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

_NEW_DAYS = 2
_LOST_DAYS = 3


class Expected(NamedTuple):
    """Who is there: no day is over before a tick was heard from all of these."""

    partitions: Collection[int] = ()
    """That hold entries."""
    agencies: Collection[str] = ()
    """That get every tick of a replay."""
    is_replay: bool = False

    def among(self, partitions: Iterable[int]) -> Expected:
        """Of the partitions only these: those that were read until now."""
        return self._replace(partitions={*self.partitions} & {*partitions})


class Clocks:
    """The clocks of all agencies, over a part of plain JSON.

    ``by``: agency -> its clock; ``fronts``: partition -> the newest day that a tick in it has told, None while there was none.
    """

    def __init__(self, kept: dict[str, Any], expected: Expected = Expected()) -> None:  # noqa: B008 - immutable
        self._expected = expected
        self._by: dict[str, dict[str, Any]] = kept["by"]
        self._fronts: dict[str, int | None] = kept["fronts"]

    def meet(self, agency: str, partition: int) -> None:
        """An entry of an agency is read."""
        self._fronts.setdefault(str(partition), None)
        self._by.setdefault(agency, {"minutes": 0, "day": None, "from": 0, "lost": False, "in": str(partition)})

    def set_offset(self, agency: str, minutes: int) -> None:
        """Minutes from UTC where the agency is."""
        self._by[agency]["minutes"] = minutes

    def tick(self, agency: str, at: str) -> int | None:
        """Let the agency's time pass to ``at``. Returns the day that begins for it, None within a day."""
        clock = self._by[agency]
        day = (datetime.fromisoformat(at) + timedelta(minutes=clock["minutes"])).toordinal()
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
                one["lost"] = one["day"] < front and (one["lost"] or front - one["day"] > _LOST_DAYS)
                if one["lost"]:
                    one["from"] = front

    def day_of(self, agency: str) -> int | None:
        """The day on which what the agency sends now counts as come; None before its first tick."""
        clock = self._by[agency]
        return None if clock["day"] is None else max(clock["day"], clock["from"])

    def today(self) -> int | None:
        """The first day that is not over for all; None while no tick was heard from one that is expected."""
        if any(self._fronts.get(str(partition)) is None for partition in self._expected.partitions):
            return None
        if any(agency not in self._by or self._by[agency]["day"] is None for agency in self._expected.agencies):
            return None
        return min((max(one["day"], one["from"]) for one in self._by.values() if one["day"] is not None), default=None)
