"""``Book``: one agency's buckets in the state of its lane, read and added to.

Keys (``days.v1``): ``<agency>/day/2026-05-03``, ``<agency>/month/2026-05``, ``<agency>/phase/OMD-V`` hold group -> cases, lines,
milligrams (group "" is all together); ``<agency>/hour/<hours since 1970>`` holds minute -> the same; ``<agency>/clock`` holds what a
tick needs. Days are never evicted, so an old one can still be corrected. All sums are integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.times import Precision
from streams.core.draft import Draft

FORMAT = 1
ALL = ""
MINUTES = 60
Tally = list[int]
"""Cases, lines, milligrams."""
Tallies = dict[str, Tally]
"""By commodity group, and under ``ALL`` all together."""


class Book:
    """The buckets of one agency. Reads once, writes on ``flush``."""

    def __init__(self, draft: Draft, agency: str) -> None:
        self.draft, self.agency = draft, agency
        self._read: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()

    def get(self, name: str) -> dict[str, Any] | None:
        """A part of the book, or None when it was never written."""
        if name not in self._read:
            found = self.draft.get(f"{self.agency}/{name}".encode())
            if found is None:
                return None
            self._read[name] = found
        return self._read[name]

    def edit(self, name: str, empty: Mapping[str, Any]) -> dict[str, Any]:
        """The same to change, beginning as ``empty``."""
        found = self.get(name)
        if found is None:
            found = self._read[name] = {"f": FORMAT, **empty}
        self._changed.add(name)
        return found

    def flush(self) -> None:
        """Put what changed into the draft."""
        for name in sorted(self._changed):
            self.draft.put(f"{self.agency}/{name}".encode(), self._read[name])
        self._changed.clear()

    def clock(self) -> dict[str, Any]:
        """What a tick needs: ``offset`` (minutes from UTC), ``dirty`` and ``open`` buckets, and the rolling counts ``told`` last."""
        return self.edit("clock", {"offset": 0, "dirty": {}, "open": {}, "told": {}})

    def add(self, contribution: Mapping[str, Any], sign: int) -> None:
        """Count a version of a case (``sign`` 1), or take it out again (-1), in every bucket as coarse as its precision."""
        precision = contribution["precision"]
        if precision == Precision.YEAR:
            return
        day: str = contribution["day"]
        tallies = tallies_of(contribution["groups"])
        buckets = [f"month/{day[:7]}"]
        if contribution["phase"]:
            buckets.append(f"phase/{contribution['phase']}")
        if precision in {Precision.TIME, Precision.DAY}:
            buckets.append(f"day/{day}")
        dirty = self.clock()["dirty"]
        for name in buckets:
            add_to(self.edit(name, {"n": {}})["n"], tallies, sign)
            dirty[name] = 1
        if precision == Precision.TIME:
            hour, minute = divmod(contribution["minute"], MINUTES)
            minutes = self.edit(f"hour/{hour}", {"n": {}})["n"]
            add_to(minutes.setdefault(str(minute), {}), tallies, sign)

    def minutes(self, end: int, length: int) -> Tallies:
        """Sum over the ``length`` minutes up to and with minute ``end``."""
        total: Tallies = {}
        first = end - length + 1
        for hour in range(first // MINUTES, end // MINUTES + 1):
            found = self.get(f"hour/{hour}")
            for minute, tallies in (found["n"] if found else {}).items():
                if first <= hour * MINUTES + int(minute) <= end:
                    add_to(total, tallies, 1)
        return total

    def days(self, days: Iterable[str]) -> Tallies:
        """Sum over local days."""
        total: Tallies = {}
        for day in days:
            found = self.get(f"day/{day}")
            if found:
                add_to(total, found["n"], 1)
        return total


def tallies_of(groups: Mapping[str, tuple[int, int]]) -> Tallies:
    """What one case adds: one case in each of its groups, and one in all together."""
    tallies: Tallies = {group: [1, lines, mg] for group, (lines, mg) in groups.items()}
    tallies[ALL] = [1, sum(lines for lines, _ in groups.values()), sum(mg for _, mg in groups.values())]
    return tallies


def add_to(total: Tallies, tallies: Mapping[str, Tally], sign: int) -> None:
    """Add, group by group. A group that sinks to zero stays: readers must hear of the zero."""
    for group, (cases, lines, mg) in tallies.items():
        sums = total.setdefault(group, [0, 0, 0])
        sums[0] += sign * cases
        sums[1] += sign * lines
        sums[2] += sign * mg
