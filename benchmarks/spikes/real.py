"""Gate 8, real data: four fiscal years of US drug seizures by office and month, replayed through the whole fold as they would have come."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks.spikes.gate import Gate
from benchmarks.spikes.journal import Entry, case, profile, tick
from mekong.deploy.backtest.load import MOST
from mekong.deploy.backtest.replay import Placed, Replay
from mekong.producers.formats.cbp import COLUMNS, agency_of, month_of
from mekong.producers.formats.cbp import profile as office_profile
from mekong.schemas.alerts import Alert, Kind, State
from mekong.streams.core.spikes.rules import DEFAULT, Rules
from mekong.streams.core.spikes.series.spans import days_of, number_of

FILE = Path(__file__).parents[2] / "deploy" / "demo-data" / "cbp-nationwide-drugs-fy19-fy22.csv"
_PHASE_MONTHS, _LEARNING_MONTHS = 5, 12
Cell = tuple[str, int]
"""Office, month."""


def gates() -> Iterator[Gate]:
    """Measure."""
    alerts = replay(load())
    told = [alert for alert in alerts if alert.state is not State.CLEARED]
    months = sorted(number_of("month", alert.raised_at.date().toordinal() - 1) for alert in told)
    first, last = number_of("month", date(2018, 10, 1).toordinal()) + _LEARNING_MONTHS, number_of("month", date(2022, 9, 1).toordinal())
    spans = [sum(start <= month < start + _PHASE_MONTHS for month in months) for start in range(first, last - _PHASE_MONTHS + 2)]
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(Counter(f"{one.kind} {one.state}" for one in alerts).items()))
    text = f"{sum(spans) / len(spans):.1f} on average, {max(spans)} at most in any five months after the first year; in all: {kinds}"
    yield Gate("8a", f"real: at most {MOST} notifications in five months to a subscriber to everything", text, max(spans) <= MOST)
    over = [one for one in alerts if one.kind is Kind.SPIKE and one.state is State.CLEARED]  # these know the height
    for place, alert in enumerate(sorted(over, key=lambda one: one.explain.p or 0.0)[:10], 1):
        yield Gate("8a", f"  {place}. {alert.sentences.en}", f"{alert.tier}, {alert.explain.bits} bits")


def load(path: Path = FILE) -> Counter[Cell]:
    """Events by office and month."""
    counts: Counter[Cell] = Counter()
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            year, name, area, events = (row[COLUMNS[i]].strip() for i in (0, 1, 4, 6))
            month = month_of(year, name)
            assert month is not None, row
            counts[agency_of(area), number_of("month", month.toordinal())] += int(events)
    return counts


def replay(counts: Counter[Cell], rules: Rules = DEFAULT) -> list[Alert]:
    """Every office's alerts and those of all together, in the order of their raising."""
    offices = sorted({office for office, _ in counts})
    months = sorted({month for _, month in counts})
    found = Replay(rules)

    def take(entry: Entry) -> None:
        found.take(Placed(0, entry))

    for office in offices:
        known = office_profile(office)
        take(profile(office, "US", name=known.name if known else office))
    number = 0
    for month in [*months, months[-1] + 1]:
        first = days_of("month", month)[0]
        for office in offices:
            take(tick(office, first))
        for office in offices:
            for _ in range(counts[office, month]):
                number += 1
                take(case(office, number, first, first, size="month"))
    return found.in_order()
