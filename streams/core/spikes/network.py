"""Journal entries of all agencies in, alerts over all members out: commodity groups, new combinations, the largest cases.

Agencies' partitions come in any interleaving, so nothing may hang on it. What comes is put away by the day on which it counts as come
(``clocks``), in sums that do not know their order, and a day is judged when it is over for every agency.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from schemas.alerts import Alert, Explain, Kind, State
from schemas.codes import LANGUAGES
from streams.core.counts.fold import minutes_of
from streams.core.spikes import explain, largest, queries, retro, spike, sums, wording
from streams.core.spikes.case import Case, Part, read
from streams.core.spikes.clocks import Clocks, Expected
from streams.core.spikes.desk import NETWORK, Desk, Get, phases_of
from streams.core.spikes.detector import Tick
from streams.core.spikes.first_seen import novelty
from streams.core.spikes.newcomers import outweigh
from streams.core.spikes.rules import DEFAULT, Rules
from streams.core.spikes.shape import Size
from streams.core.spikes.spans import number_of

_NEVER = 10**9


class Network:
    """All members together. ``take`` every journal entry; alerts come when a day is over everywhere."""

    def __init__(self, desk: Desk, expected: Expected) -> None:
        self.desk, self._expected = desk, expected

    @classmethod
    def from_stored(cls, get: Get, rules: Rules = DEFAULT, expected: Expected = Expected()) -> Network:  # noqa: B008 - immutable
        """Go on from what ``stored`` gave. Raises Refused when a newer code wrote it."""
        return cls(Desk.from_stored(NETWORK, rules, get), expected)

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of what changed since ``from_stored``; None for what is to be forgotten."""
        return self.desk.stored()

    def take(self, entry: Mapping[str, Any], partition: int = 0) -> list[Alert]:
        """Fold one journal entry of a partition."""
        agency, times = entry["agency"], Clocks(self.desk.part("clocks", {"by": {}, "fronts": {}}), self._expected)
        times.meet(agency, partition)
        if entry["kind"] == "agency":
            times.set_offset(agency, minutes_of(entry["profile"]["utc_offset"]))
            self._day(times, agency)["phases"] += phases_of(entry["profile"])
        elif entry["kind"] == "tick":
            is_first = times.day_of(agency) is None
            if times.tick(agency, entry["at"]) is not None:
                if is_first:
                    self._begin(times, agency)
                return list(self._close(times.today()))
        elif (case := read(entry)) is not None:
            sums.put_away(self._day(times, agency), case, agency, self._today(times, case, agency))
        return []

    def _day(self, times: Clocks, agency: str) -> dict[str, Any]:
        """The sums of the day on which what the agency sends now counts as come; before its first tick they are its own."""
        day = times.day_of(agency)
        return self._sums(str(day) if day is not None else agency)

    def _sums(self, name: str) -> dict[str, Any]:
        waiting = self.desk.part("waiting", {"days": []})["days"]
        if name not in waiting:
            insort(waiting, name)
        return self.desk.part(f"day/{name}", sums.empty())

    def _today(self, times: Clocks, case: Case, agency: str) -> int | None:
        """The agency's day when a case came. In a replay the cases' own times of arrival say nothing of it."""
        day = times.day_of(agency)
        return day if day is not None or self._expected.is_replay else date.fromisoformat(case.received_at[:10]).toordinal()

    def _begin(self, times: Clocks, agency: str) -> None:
        """An agency's first tick: what it sent before belongs to the first day on which it counts."""
        waiting = self.desk.part("waiting", {"days": []})["days"]
        if agency in waiting:
            waiting.remove(agency)
            mine = self.desk.drop(f"day/{agency}")
            name = f"{times.day_of(agency)}/{agency}"
            self._sums(name).update(mine)

    def _close(self, today: int | None) -> Iterator[Alert]:
        """Judge every day that is over."""
        desk = self.desk
        if today is None:
            return
        if desk.today is None:
            desk.begin_day(self._first_day(today))
        while desk.today is not None and desk.today < today:
            tick = Tick(f"{explain.span_of('day', desk.today).end.isoformat()}T23:59:59Z", desk.today + 1)
            yield from self._judge(tick)
            desk.begin_day(tick.today)

    def _first_day(self, today: int) -> int:
        """The oldest day on which anything came; ``today`` when that is over for all only because some partition was read late."""
        waiting = self.desk.part("waiting", {"days": []})["days"]
        return min([today, *map(_day_of, waiting)])

    def _judge(self, tick: Tick) -> Iterator[Alert]:
        """Count what had come by the day that ends, and ask the detectors."""
        desk, waiting = self.desk, self.desk.part("waiting", {"days": []})["days"]
        over, found = [name for name in waiting if _day_of(name) < tick.today], sums.empty()
        for name in over:
            waiting.remove(name)
            sums.merge(found, desk.drop(f"day/{name}"))
        self._learn_phases(found["phases"])
        if over and outweigh(desk, found["by"]):
            desk.begin_anew()
        self._count(found["counts"])
        yield from _new_combinations(desk, found["combinations"], tick)
        yield from largest.judge(desk, found["large"], tick)
        yield from retro.on_day(desk, tick)
        yield from spike.on_day(desk, tick)

    def _learn_phases(self, phases: list[list[int]]) -> None:
        known = self.desk.who["phases"]
        new = [phase for phase in phases if phase not in known]
        if new:
            self.desk.set_phases(sorted([*known, *map(list, {tuple(phase) for phase in new})]))

    def _count(self, counts: Mapping[str, dict[str, Any]]) -> None:
        if counts:
            self.desk.start()
        for name in sorted(counts):
            group, day, known = name.split("/")
            has_day = known == "1"
            if self.desk.who.get("anew") and _is_before(int(day), self.desk.since, has_day=has_day):
                continue
            here, track = counts[name], self.desk.track(group)
            bucket = track.count(int(day), has_day=has_day, cases=here["n"])
            if bucket is not None:
                track.memory.add_many(bucket, here["ids"], here["traits"], max(0, here["news"]) if track.is_late(bucket) else 0)


def _is_before(day: int, since: int, *, has_day: bool) -> bool:
    """Whether a case may have been counted before the series began anew, and forgotten: then a correction has nothing to take out."""
    return day < since if has_day else number_of("month", day) <= number_of("month", since)


def _day_of(name: str) -> int:
    """The day of sums; those of an agency before its first tick have none yet."""
    day = name.partition("/")[0]
    return int(day) if day.isdecimal() else _NEVER


def _new_combinations(desk: Desk, found: Mapping[str, dict[str, Any]], tick: Tick) -> Iterator[Alert]:
    """What no member ever had together. Judged by what was known before the day."""
    seen = desk.part("combinations", {"seen": {}})["seen"]
    for combination in sorted(found):
        if found[combination]["first"] is None:
            continue
        received_at, event_id, day, has_day = found[combination]["first"]
        chance = novelty(seen, combination, desk.rules.first_seen)
        if chance is not None and day >= desk.since:
            yield _first_seen(desk, combination, chance, (received_at, event_id), Part(day, has_day, ()), tick)
    for combination in sorted(found):
        if combination in seen or len(seen) < sums.MOST_COMBINATIONS:
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
