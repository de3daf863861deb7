"""Counts cases and mass by agency, goods and day from journal entries, with all corrections applied. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mekong.streams.core.spikes.case import read

ALL = ""
"""The name for all groups together, or all goods together."""


class Sum(NamedTuple):
    """The cases and the mass of a span of days."""

    cases: int = 0
    mass_mg: int = 0


class _Counted(NamedTuple):
    """Where a case was counted. A correction of the case subtracts it there."""

    agency: str
    day: int
    cells: tuple[tuple[str, str, int], ...]
    """Group, goods, milligrams."""


class Tally:
    """The cases of each day. A case with only a month is counted on the first day of that month."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        """Agency -> what it is called."""
        self.first: int | None = None
        self.last: int | None = None
        """Days (ordinal) of the earliest and latest case."""
        self._cases: defaultdict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
        self._mass_mg: defaultdict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
        self._counted: dict[str, _Counted] = {}

    def take(self, entry: Mapping[str, Any]) -> None:
        """Count one entry."""
        if entry["kind"] == "agency":
            self.names[entry["agency"]] = entry["profile"]["name"]
        case = read(entry) if entry["kind"] == "version" else None
        if case is None:
            return
        before = self._counted.pop(case.event_id, None)
        if before is not None:
            self._add(before, -1)
        if case.added is not None:
            now = _Counted(entry["agency"], case.added.day, tuple(_cells(case.lines)))
            self._counted[case.event_id] = now
            self._add(now, 1)
            self.first = min(self.first or now.day, now.day)
            self.last = max(self.last or now.day, now.day)

    def sum(self, agency: str | None, group: str, goods: str, days: tuple[int, int]) -> Sum:
        """The sum of one agency, or of all, from a day to a day (both included)."""
        keys = [key for key in self._cases if key[1:] == (group, goods) and agency in {None, key[0]}]
        return Sum(*(sum(_within(counts[key], days) for key in keys) for counts in (self._cases, self._mass_mg)))

    def goods(self, agency: str | None, group: str) -> list[str]:
        """What was seized of a group."""
        return sorted({key[2] for key in self._cases if key[1] == group and key[2] != ALL and agency in {None, key[0]}})

    def agencies(self) -> list[str]:
        """Those with a case."""
        return sorted({key[0] for key in self._cases})

    def _add(self, counted: _Counted, sign: int) -> None:
        for group, goods, mass_mg in counted.cells:
            self._cases[counted.agency, group, goods][counted.day] += sign
            self._mass_mg[counted.agency, group, goods][counted.day] += sign * mass_mg


def _cells(lines: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str, int]]:
    """A case once in each group and goods it has, and in their sums."""
    sums: Counter[tuple[str, str]] = Counter()
    for line in lines:
        group, name, mass_mg = line["group"], line["name"], line.get("mass_mg", 0)
        for key in {(ALL, ALL), (group, ALL), (group, name), (ALL, name)}:
            sums[key] += mass_mg
    return [(*key, mass_mg) for key, mass_mg in sorted(sums.items())]


def _within(counts: Counter[int], days: tuple[int, int]) -> int:
    return sum(count for day, count in counts.items() if days[0] <= day <= days[1])
