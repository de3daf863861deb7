"""Raises alerts over all members from the journal entries of all agencies: commodity groups, new combinations, the largest cases.

Partitions are read in any order, so no result may depend on this order. Each case is added to the sums of the day on which it counts as
arrived (``clocks``). The sums do not depend on the order of the cases. A day is judged when it is over for every agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from mekong.schemas.alerts import Alert, Explain, Kind, State
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.zones import name_of
from mekong.streams.core.collections import Table
from mekong.streams.core.spikes.case import Case, Part, read
from mekong.streams.core.spikes.kinds import retro, spike
from mekong.streams.core.spikes.kinds.detector import Tick
from mekong.streams.core.spikes.network import largest, sums
from mekong.streams.core.spikes.network.clocks import Clocks, Expected
from mekong.streams.core.spikes.network.newcomers import outweigh
from mekong.streams.core.spikes.rules import DEFAULT, Rules
from mekong.streams.core.spikes.seen import Seen
from mekong.streams.core.spikes.series.spans import number_of
from mekong.streams.core.spikes.statistics.shape import Size
from mekong.streams.core.spikes.store import NETWORK, DetectorStore, Get, phases_of
from mekong.streams.core.spikes.wording import explain, queries, sentences


class NetworkDetectors:
    """All members together. Call ``take`` for every journal entry. It returns alerts when a day is over for every agency."""

    def __init__(self, store: DetectorStore, expected: Expected) -> None:
        self.store, self._expected = store, expected

    @classmethod
    def from_stored(cls, get: Get, rules: Rules = DEFAULT, expected: Expected = Expected()) -> NetworkDetectors:  # noqa: B008 - immutable
        """Continue from what ``stored`` returned. Raises Refused when newer code wrote it."""
        return cls(DetectorStore.from_stored(NETWORK, rules, get), expected)

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of the parts that changed since ``from_stored``; None for a part that must be removed."""
        return self.store.stored()

    def take(self, entry: Mapping[str, Any], partition: int = 0) -> list[Alert]:
        """Fold one journal entry of a partition."""
        agency, times = entry["agency"], Clocks(self.store.part("clocks", {"by": {}, "fronts": {}}), self._expected)
        if entry["kind"] == "time":
            times.pass_to(partition, entry["at"])
            return list(self._close(times))
        times.meet(agency, partition)
        if entry["kind"] == "source":
            if entry["order"]["action"] != "skip":
                times.set_away(agency, "parked", is_away=entry["order"]["action"] == "park")
        elif entry["kind"] == "agency":
            times.set_zone(agency, name_of(entry["profile"]))
            times.set_away(agency, "profile", is_away=entry["profile"].get("status", "active") != "active")
            sums.put_phases(self._day(times, agency), phases_of(entry["profile"]))
        elif entry["kind"] == "tick":
            is_first = times.day_of(agency) is None
            if times.tick(agency, entry["at"]) is not None:
                if is_first:
                    self._begin(times, agency)
                return list(self._close(times))
        elif (case := read(entry)) is not None:
            sums.add_case(self._day(times, agency), case, agency, self._today(times, case, agency))
        return []

    def _day(self, times: Clocks, agency: str) -> Table:
        """The sums of the day on which the agency's cases of this moment count as arrived. Before its first tick, the sums wait for it."""
        day = times.day_of(agency)
        return self._sums("first" if day is None else str(self._open_day(day)), agency)

    def _sums(self, day: str, agency: str) -> Table:
        return Table(self.store, f"day/{day}/{agency}")

    def _open_day(self, day: int) -> int:
        """The day itself, or the open day when the day was judged already. Before any day was judged, remember the oldest day."""
        if self.store.today is not None:
            return max(day, self.store.today)
        oldest = self.store.part("oldest", {"day": day})
        oldest["day"] = min(day, oldest["day"])
        return day

    def _today(self, times: Clocks, case: Case, agency: str) -> int | None:
        """The agency's day when a case arrived. In a replay, the time of receipt of a case does not show it."""
        day = times.day_of(agency)
        return day if day is not None or self._expected.is_replay else date.fromisoformat(case.received_at[:10]).toordinal()

    def _begin(self, times: Clocks, agency: str) -> None:
        """Handle an agency's first tick: its cases before the tick belong to the first day on which the agency counts."""
        day = times.day_of(agency)
        if day is not None and len(self._sums("first", agency)):
            self.store.put(f"begins/{agency}", {"day": self._open_day(day)})

    def _close(self, times: Clocks) -> Iterator[Alert]:
        """Judge every day that is over."""
        store, today = self.store, times.today()
        if today is None:
            return
        if store.today is None:
            oldest = store.get("oldest")  # today is later only because a partition was read late
            store.drop("oldest")
            store.begin_day(min(today, oldest["day"]) if oldest else today)
        while store.today is not None and store.today < today:
            tick = Tick(f"{explain.span_of('day', store.today).end.isoformat()}T23:59:59Z", store.today + 1)
            yield from self._judge(times.agencies(), store.today, tick)
            store.begin_day(tick.today)

    def _judge(self, agencies: Iterable[str], day: int, tick: Tick) -> Iterator[Alert]:
        """Count the cases of the day that ends, and call the detectors."""
        store, found, over = self.store, sums.empty(), False
        for agency in agencies:
            for pieces in self._over(day, agency):
                over = True
                sums.merge(found, pieces)
                pieces.clear()
        self._learn_phases(found["phases"])
        if over and outweigh(store, found["by"]):
            store.begin_anew()
        self._count(found["counts"])
        yield from _new_combinations(store, found["combinations"], tick)
        yield from largest.judge(store, found["large"], tick)
        yield from retro.on_day(store, tick)
        yield from spike.on_day(store, tick)

    def _over(self, day: int, agency: str) -> Iterator[Table]:
        """The sums of an agency that end with a day."""
        if len(pieces := self._sums(str(day), agency)):
            yield pieces
        begins = self.store.get(f"begins/{agency}")
        if begins is not None and begins["day"] == day:
            self.store.drop(f"begins/{agency}")
            yield self._sums("first", agency)

    def _learn_phases(self, phases: set[tuple[int, int]]) -> None:
        known = self.store.who["phases"]
        new = [phase for phase in map(list, phases) if phase not in known]
        if new:
            self.store.set_phases(sorted([*known, *new]))

    def _count(self, counts: Mapping[str, dict[str, Any]]) -> None:
        if counts:
            self.store.start()
        for name in sorted(counts):
            group, day, known = name.split("|")
            has_day = known == "1"
            if self.store.who.get("anew") and _is_before(int(day), self.store.since, has_day=has_day):
                continue
            here, track = counts[name], self.store.track(group)
            bucket = track.count(int(day), has_day=has_day, cases=here["n"])
            if bucket is not None:
                track.memory.add_many(bucket, here["ids"], here["traits"], max(0, here["news"]) if track.is_late(bucket) else 0)


def _is_before(day: int, since: int, *, has_day: bool) -> bool:
    """Whether a case may be from before the series were begun again. Its count is removed then, and a correction must not subtract it."""
    return day < since if has_day else number_of("month", day) <= number_of("month", since)


def _new_combinations(store: DetectorStore, found: Mapping[str, dict[str, Any]], tick: Tick) -> Iterator[Alert]:
    """Alerts for combinations that no member ever had. They are judged by the counts before the day."""
    seen = Seen(store)
    for combination in sorted(found):
        if found[combination]["first"] is None:
            continue
        received_at, event_id, day, has_day = found[combination]["first"]
        chance = seen.novelty("combination", combination, store.rules.first_seen)
        if chance is not None and day >= store.since:
            yield _first_seen(store, combination, chance, (received_at, event_id), Part(day, has_day, ()), tick)
    for combination in sorted(found):
        seen.count("combination", combination, found[combination]["n"])


def _first_seen(store: DetectorStore, combination: str, chance: float, first: tuple[str, str], part: Part, tick: Tick) -> Alert:
    size: Size = "day" if part.has_day else "month"
    event_id = first[1]
    return explain.alert(
        store,
        Kind.FIRST_SEEN,
        State.OPEN,
        store.rules.tier(chance),
        group="",
        opener=f"combination {combination}",
        bucket=explain.span_of(size, number_of(size, part.day)),
        raised_at=tick.at,
        facts={"what": {language: sentences.feature("combination", combination, language) for language in LANGUAGES}},
        sql=queries.of_events([event_id]),
        events=[event_id],
        observed=1,
        explain=Explain(p=explain.rounded(chance), bits=explain.bits(chance)),
    )
