"""Journal entries of all agencies in, alerts over all members out: commodity groups, new combinations, the largest cases.

Agencies' partitions come in any interleaving, so nothing may hang on it. What comes is put away by the agency's own day of arrival,
in sums that do not know their order, and a day is judged when every agency's clock has left it. An agency is waited for from
its first tick on; one whose clock is more than ``_LOST_DAYS`` behind the others is not: partitions must not be read further apart.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import MOST_EVENTS, Alert, Explain, Kind, State
from schemas.codes import LANGUAGES
from streams.core.spikes import explain, largest, queries, retro, spike, wording
from streams.core.spikes.case import Case, Part, read
from streams.core.spikes.desk import ALL, NETWORK, Desk, Get, phases_of
from streams.core.spikes.detector import Tick
from streams.core.spikes.first_seen import novelty
from streams.core.spikes.rules import DEFAULT, Rules
from streams.core.spikes.shape import Size
from streams.core.spikes.spans import number_of

_LOST_DAYS = 3
_MOST_COMBINATIONS = 3_000
"""New ones of a day, and known ones kept: later ones are not looked at."""


class Network:
    """All members together. ``take`` every journal entry; alerts come when a day closes everywhere."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @classmethod
    def from_stored(cls, get: Get, rules: Rules = DEFAULT) -> Network:
        """Go on from what ``stored`` gave. Raises Refused when a newer code wrote it."""
        return cls(Desk.from_stored(NETWORK, rules, get))

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of what changed since ``from_stored``."""
        return self.desk.stored()

    def take(self, entry: Mapping[str, Any]) -> list[Alert]:
        """Fold one journal entry."""
        clocks = self.desk.part("clocks", {"by": {}})["by"]
        clock = clocks.setdefault(entry["agency"], [0, None])  # minutes from UTC, its day
        if entry["kind"] == "agency":
            hours, minutes = entry["profile"]["utc_offset"][1:].split(":")
            clock[0] = (int(hours) * 60 + int(minutes)) * (-1 if entry["profile"]["utc_offset"][0] == "-" else 1)
            known = self.desk.who["phases"]
            self.desk.set_phases(sorted([*known, *(phase for phase in phases_of(entry["profile"]) if phase not in known)]))
        elif entry["kind"] == "tick":
            day = (datetime.fromisoformat(entry["at"]) + timedelta(minutes=clock[0])).toordinal()
            if clock[1] is None or day > clock[1]:
                clock[1] = day
                return list(self._close(clocks))
        else:
            case = read(entry)
            if case is not None:
                self._put_away(case, entry["agency"], clock[1])
        return []

    def _put_away(self, case: Case, agency: str, day: int | None) -> None:
        """Add a version to the sums of its day of arrival; what comes before an agency's first tick is history."""
        pending = self.desk.part("pending", {"days": {}})["days"].setdefault(str(day or 0), {"counts": {}, "combinations": {}, "large": {}})
        for part, sign in ((case.removed, -1), (case.added, 1)):
            for group in (*part.groups, ALL) if part else ():
                assert part is not None  # noqa: S101 - it has groups
                sums = pending["counts"].setdefault(f"{group}/{part.day}/{int(part.has_day)}", {"n": 0, "ids": [], "traits": {}})
                sums["n"] += sign
                if sign > 0 and case.version == 1:
                    _remember(sums, case)
        if case.added is None or case.version > 1:
            return
        for combination in combinations(case):
            kept = pending["combinations"].get(combination)
            first = [case.received_at, case.event_id, case.added.day, case.added.has_day]
            if kept is not None or len(pending["combinations"]) < _MOST_COMBINATIONS:
                pending["combinations"][combination] = {
                    "n": (kept["n"] if kept else 0) + 1,
                    "first": min(kept["first"], first) if kept else first,
                }
        largest.put_away(pending["large"], case, agency)

    def _close(self, clocks: Mapping[str, list[Any]]) -> Iterator[Alert]:
        """Judge every day that all agencies have left."""
        desk, days = self.desk, [day for _, day in clocks.values() if day is not None]
        today = min(day for day in days if day > max(days) - _LOST_DAYS)
        if desk.today is None:
            desk.begin_day(today)
        while desk.today is not None and desk.today < today:
            tick = Tick(f"{explain.span_of('day', desk.today).end.isoformat()}T23:59:59Z", desk.today + 1)
            yield from self._judge(tick)
            desk.begin_day(tick.today)

    def _judge(self, tick: Tick) -> Iterator[Alert]:
        """Count what had come by the day that ends, and ask the detectors."""
        desk, pending = self.desk, self.desk.part("pending", {"days": {}})["days"]
        for day in sorted((day for day in pending if int(day) < tick.today), key=int):
            sums = pending.pop(day)
            self._count(sums["counts"])
            yield from _new_combinations(desk, sums["combinations"], tick)
            yield from largest.judge(desk, sums["large"], tick)
        yield from retro.on_day(desk, tick)
        yield from spike.on_day(desk, tick)

    def _count(self, counts: Mapping[str, dict[str, Any]]) -> None:
        for name in sorted(counts):
            group, day, has_day = name.split("/")
            sums, track = counts[name], self.desk.track(group)
            bucket = track.count(int(day), has_day=has_day == "1", cases=sums["n"])
            if bucket is not None:
                track.memory.add_many(bucket, sums["ids"], sums["traits"], max(0, sums["n"]) if track.is_late(bucket) else 0)


def combinations(case: Case) -> list[str]:
    """Substance, route and concealment that a case has together."""
    parts = [sorted(case.features.get(feature, ())) for feature in ("substance", "route", "concealment")]
    return [f"{goods}|{route}|{hidden}" for goods in parts[0] for route in parts[1] for hidden in parts[2]]


def _remember(sums: dict[str, Any], case: Case) -> None:
    insort(sums["ids"], case.event_id)
    del sums["ids"][MOST_EVENTS:]
    for feature, values in case.features.items():
        counts = sums["traits"].setdefault(feature, {})
        for value in values:
            counts[value] = counts.get(value, 0) + 1


def _new_combinations(desk: Desk, found: Mapping[str, dict[str, Any]], tick: Tick) -> Iterator[Alert]:
    """What no member ever had together. Judged by what was known before the day."""
    part = desk.part("combinations", {"seen": {}})
    seen, is_history = part["seen"], desk.today is None
    for combination in sorted(found):
        received_at, event_id, day, has_day = found[combination]["first"]
        chance = novelty(seen, combination, desk.rules.first_seen)
        if chance is not None and not is_history and day >= desk.since:
            yield _first_seen(desk, combination, chance, (received_at, event_id), Part(day, has_day, ()), tick)
    for combination in sorted(found):
        if combination in seen or len(seen) < _MOST_COMBINATIONS:
            seen[combination] = seen.get(combination, 0) + found[combination]["n"]


def _first_seen(desk: Desk, combination: str, chance: float, first: tuple[str, str], part: Part, tick: Tick) -> Alert:
    size: Size = "day" if part.has_day else "month"
    event_id = first[1]
    return explain.alert(
        desk,
        Kind.FIRST_SEEN,
        State.OPEN,
        desk.rules.tier(chance),
        group="",
        opener=f"combination {combination}",
        bucket=explain.span_of(size, number_of(size, part.day)),
        raised_at=tick.at,
        facts={"what": {language: wording.feature("combination", combination, language) for language in LANGUAGES}},
        sql=queries.of_events([event_id]),
        events=[event_id],
        observed=1,
        explain=Explain(p=explain.rounded(chance), bits=explain.bits(chance)),
    )
