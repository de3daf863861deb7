"""Gates 4 and 6, and the cost of a bucket: the whole fold over journals of one agency."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import numpy as np

from benchmarks.spikes.gate import Gate
from benchmarks.spikes.journal import Entry, case, fold, profile, tick
from benchmarks.spikes.noufaily import SEED
from mekong.schemas.alerts import Alert, Kind, State
from mekong.schemas.wire import encode
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.statistics.shape import DAY

FIRST = date(2024, 1, 1).toordinal()
DAYS = 240
AGENCIES = 20
_SILENT, _DUMP = 200, 210


def gates() -> Iterator[Gate]:
    """Measure."""
    yield from _equality()
    yield from _dump()
    yield from _cost()


def _equality() -> Iterator[Gate]:
    """The same history in another cut, in another order inside the day, and with late reports that are all in at the end."""
    cuts = orders = late = 0
    for seed in range(AGENCIES):
        rng = np.random.default_rng((SEED, 4, seed))
        days = [_cases_of(rng, day, 1.5) for day in range(DAYS)]
        plain = _journal(days)
        alerts, state = fold("VN-CUSTOMS", plain)
        again, cut_state = fold("VN-CUSTOMS", plain, run=int(rng.integers(2, 60)))
        cuts += state != cut_state or list(map(encode, alerts)) != list(map(encode, again))
        _, shuffled = fold("VN-CUSTOMS", _journal([[cases[i] for i in rng.permutation(len(cases))] for cases in days]))
        orders += state != shuffled
        late += not _late_is_the_same(days, rng)
    yield Gate(
        "4a", "the same journal cut into other runs: state and alerts byte for byte", f"{AGENCIES} journals, {cuts} differ", cuts == 0
    )
    yield Gate(
        "4b", "another order of arrival inside a day: the same state byte for byte", f"{AGENCIES} journals, {orders} differ", orders == 0
    )
    text = f"{AGENCIES} journals, {late} differ"
    yield Gate("4c", "late reports and a replay: what has been learnt is that of the order of events, bit for bit", text, late == 0)


def _late_is_the_same(days: list[list[int]], rng: np.random.Generator) -> bool:
    """A tenth of the cases comes up to 40 days late; none of the first days, which say when the agency began."""
    arrivals: list[list[tuple[int, int]]] = [[] for _ in range(DAYS)]
    in_order: list[list[tuple[int, int]]] = [[] for _ in range(DAYS)]
    for day, cases in enumerate(days):
        for number in cases:
            delay = int(rng.integers(1, 40)) if rng.random() < 0.1 and 5 <= day < DAYS - 45 else 0
            arrivals[day + delay].append((number, day))
            in_order[day].append((number, day))
    learnt = []
    for plan in (in_order, arrivals):
        entries: list[Entry] = [profile("VN-CUSTOMS")]
        for day, cases in enumerate(plan):
            entries.append(tick("VN-CUSTOMS", FIRST + day))
            entries += [case("VN-CUSTOMS", number, FIRST + of, FIRST + day) for number, of in cases]
        _, state = fold("VN-CUSTOMS", [*entries, tick("VN-CUSTOMS", FIRST + DAYS)])
        learnt.append((state["closed/"], state["closed/drug"]))
    return learnt[0] == learnt[1]


def _dump() -> Iterator[Gate]:
    """An agency that reports each day stops for ten days and then sends all of it at once. Held against the same cases in time."""
    spikes = bulks = expected = of_chance = 0
    for seed in range(AGENCIES):
        rng = np.random.default_rng((SEED, 6, seed))
        days = [_cases_of(rng, day, 3.0) for day in range(DAYS)]
        days[150] = days[150][:3]
        dumped = [cases if not _SILENT <= day < _DUMP else [] for day, cases in enumerate(days)]
        dumped[_DUMP] = [number for cases in days[_SILENT : _DUMP + 1] for number in cases]
        told = [_told(fold("VN-CUSTOMS", _journal(plan, batch_on=_DUMP))[0]) for plan in (dumped, days)]
        spikes += told[0][0] and not told[1][0]
        of_chance += bool(told[1][0])
        expected += not told[0][0]
        bulks += not told[0][0] and told[0][1] == 1
    text = (
        f"{AGENCIES} agencies of 3 cases a day: {spikes} spikes that the same cases in time do not raise ({of_chance} do by chance), one "
    )
    text += f"BULK_REPORT in {bulks} of the {expected} without a spike"
    yield Gate("6", "a dump of ten days' backlog raises no SPIKE and one BULK_REPORT", text, spikes == 0 and bulks == expected)


def _told(alerts: list[Alert]) -> tuple[bool, int]:
    """Whether a spike was open or opened around the dump, and how many bulk reports there were."""
    around = [alert for alert in alerts if _SILENT <= alert.raised_at.date().toordinal() - FIRST <= _DUMP + 3]
    is_spike = any(alert.kind in {Kind.SPIKE, Kind.RETRO_SPIKE} and alert.state != State.CLEARED for alert in around)
    return is_spike, sum(alert.kind is Kind.BULK_REPORT for alert in around)


def _cost() -> Iterator[Gate]:
    rng = np.random.default_rng((SEED, 9))
    series, spent = Series.begin(DAY, FIRST, DAY.row), []
    for _ in range(1_500):
        series.add(series.newest, int(rng.poisson(2)))
        begin = time.process_time()
        if series.is_ready():
            series.judge(series.newest)
        series.close(DAY.row, ())
        series.critical(series.newest, 1e-3)
        spent.append(time.process_time() - begin)
    median, p99 = np.percentile(spent, [50, 99]) * 1e3
    begin, most = time.process_time(), 10**9
    for _ in range(20_000):
        series.add(series.newest, 1)
        if series.count_of(series.newest) >= most:
            break
    each = (time.process_time() - begin) / 20_000 * 1e6
    text = f"median {median:.2f} ms, p99 {p99:.2f} ms; one event {each:.2f} us"
    yield Gate("cost", "a bucket close costs at most 1 ms", text, median <= 1.0)


def _cases_of(rng: np.random.Generator, day: int, mean: float) -> list[int]:
    return [day * 1_000 + i for i in range(int(rng.poisson(mean * (4 if day == 150 else 1))))]


def _journal(days: list[list[int]], batch_on: int = -1) -> list[Entry]:
    """Cases by the day they arrive on; a case's number says what day it is of."""
    entries = [profile("VN-CUSTOMS")]
    for day, cases in enumerate(days):
        entries.append(tick("VN-CUSTOMS", FIRST + day))
        batch = "backlog" if day == batch_on else None
        entries += [case("VN-CUSTOMS", number, FIRST + number // 1_000, FIRST + day, batch=batch) for number in cases]
    return [*entries, tick("VN-CUSTOMS", FIRST + DAYS)]
