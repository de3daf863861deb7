"""Reads and changes one agency's buckets in the state of its lane (``Book``).

Keys (``days.v1``): ``<agency>/day/2026-05-03``, ``<agency>/month/2026-05``, ``<agency>/phase/OMD-V`` have group -> cases, lines,
milligrams (group "" is all groups together); ``<agency>/hour/<hours since 1970>`` has minute -> the same; ``<agency>/clock`` has what a
tick needs. Days are never removed, so an old day can still be corrected. All sums are integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from mekong.schemas.times import Precision
from mekong.streams.core.draft import Draft

FORMAT = 2  # 1 had an ``offset`` in minutes for the ``zone`` of its clock, and no ``next``
ALL = ""
UTC = "+00:00"
MINUTES = 60
Tally = list[int]
"""Cases, lines, milligrams."""
Tallies = dict[str, Tally]
"""By commodity group; ``ALL`` is all groups together."""


class Book:
    """The buckets of one agency. It reads each part once, and writes on ``flush``."""

    def __init__(self, draft: Draft, agency: str) -> None:
        self.draft, self.agency = draft, agency
        self._read: dict[str, dict[str, Any] | None] = {}
        self._changed: set[str] = set()

    def get(self, name: str) -> dict[str, Any] | None:
        """A part of the book, or None when it was never written."""
        if name not in self._read:
            self._read[name] = self.draft.get(f"{self.agency}/{name}".encode(), FORMAT)
        return self._read[name]

    def edit(self, name: str, empty: Mapping[str, Any]) -> dict[str, Any]:
        """A part of the book that the caller may change. A part that was never written begins as ``empty``."""
        found = self.get(name)
        if found is None:
            found = self._read[name] = {**empty}
        found["f"] = FORMAT
        self._changed.add(name)
        return found

    def flush(self) -> None:
        """Write the changed parts into the draft."""
        for name in sorted(self._changed):
            self.draft.put(f"{self.agency}/{name}".encode(), self._read[name])
        self._changed.clear()

    def clock(self) -> dict[str, Any]:
        """What a tick reads and changes: ``zone`` (schemas/zones.py), ``dirty`` and ``open`` buckets, ``told``: the last rolling counts.

        ``next`` is the first minute at which a tick can change a count although no entry arrived; 0: at once.
        """
        clock = self.edit("clock", {"zone": UTC, "dirty": {}, "open": {}, "told": {}, "next": 0})
        if "offset" in clock:
            clock["zone"] = _offset(clock.pop("offset"))
        return clock

    def is_quiet(self, minute: int, windows: AbstractSet[str]) -> bool:
        """Whether a tick at ``minute`` changes no count: no entry arrived since the last tick, and none enters or leaves a window.

        When one of ``windows`` has no count yet, an older release wrote the clock, and the tick is not quiet.
        """
        clock = self.get("clock")
        return clock is not None and not clock["dirty"] and minute < clock.get("next", 0) and windows <= clock["told"].keys()

    def add(self, contribution: Mapping[str, Any], sign: int) -> None:
        """Add a version of a case (``sign`` 1) or subtract it (-1), in every bucket that is not finer than its precision."""
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
        """Sum over the last ``length`` minutes; minute ``end`` is included."""
        total: Tallies = {}
        first = end - length + 1
        for hour in range(first // MINUTES, end // MINUTES + 1):
            found = self.get(f"hour/{hour}")
            for minute, tallies in (found["n"] if found else {}).items():
                if first <= hour * MINUTES + int(minute) <= end:
                    add_to(total, tallies, 1)
        return total

    def known_minutes(self, first: int, last: int) -> Iterator[int]:
        """The minutes from ``first`` to ``last`` in which something was counted."""
        for hour in range(first // MINUTES, last // MINUTES + 1):
            found = self.get(f"hour/{hour}")
            for minute in found["n"] if found else ():
                if first <= hour * MINUTES + int(minute) <= last:
                    yield hour * MINUTES + int(minute)

    def days(self, days: Iterable[str]) -> Tallies:
        """Sum over local days."""
        total: Tallies = {}
        for day in days:
            found = self.get(f"day/{day}")
            if found:
                add_to(total, found["n"], 1)
        return total


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), MINUTES)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def tallies_of(groups: Mapping[str, tuple[int, int]]) -> Tallies:
    """What one case adds: one case in each of its groups, and one in all together."""
    tallies: Tallies = {group: [1, lines, mg] for group, (lines, mg) in groups.items()}
    tallies[ALL] = [1, sum(lines for lines, _ in groups.values()), sum(mg for _, mg in groups.values())]
    return tallies


def add_to(total: Tallies, tallies: Mapping[str, Tally], sign: int) -> None:
    """Add ``tallies`` to ``total`` for each group. A group whose count falls to zero stays, because readers must get the zero."""
    for group, (cases, lines, mg) in tallies.items():
        sums = total.setdefault(group, [0, 0, 0])
        sums[0] += sign * cases
        sums[1] += sign * lines
        sums[2] += sign * mg
