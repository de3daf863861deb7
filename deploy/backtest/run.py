"""Settings and what is asked in, a ``Report`` out: reads the journal or a file once, and replays it under the rules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from deploy.backtest.compare import Period, Told, detection, only_in, precision, rows, told
from deploy.backtest.file import FileJournal
from deploy.backtest.happened import strongest
from deploy.backtest.labels import Label
from deploy.backtest.load import load_of
from deploy.backtest.planted import search
from deploy.backtest.replay import Placed, Replay
from deploy.backtest.report import Report, Side
from deploy.backtest.tally import Tally
from deploy.registry import list_agencies
from producers.parsed import Format
from producers.simulation.truth import Planted
from schemas.alerts import Alert
from schemas.settings import Settings
from streams.core.spikes.clocks import Expected
from streams.core.spikes.rules import DEFAULT, Rules


class Asked(NamedTuple):
    """What the user wants to know."""

    first: date
    last: date
    rules: Rules = DEFAULT
    in_force: Rules = DEFAULT
    """What a file is held against."""
    truth: Sequence[Planted] = ()
    strongest: int = 10
    budget: int | None = None
    """Notifications at once in a week; None for the default."""


class Heard(NamedTuple):
    """What a replay gave, with what it is held against."""

    source: str
    period: Period
    entries: int
    seconds: float
    outcomes: Mapping[str, int]
    would: list[Alert]
    was: list[Alert] | None
    labels: Mapping[str, Label]
    tally: Tally


def of_file(path: Path, format_: Format, secret: bytes, asked: Asked, on_bytes: Callable[[int], None] = lambda _: None) -> Report:
    """A file, through the format and intake. Other rules than those in force are held against them."""
    began = time.monotonic()
    journal, tally, entries = FileJournal(path, format_, secret, on_bytes), Tally(), 0
    replays = [Replay(rules) for rules in dict.fromkeys((asked.rules, asked.in_force))]
    for placed in journal.entries():
        entries += 1
        tally.take(placed.entry)
        for replay in replays:
            replay.take(placed)
    was = replays[1].in_order() if len(replays) > 1 else None
    period, seconds = Period(asked.first, asked.last), time.monotonic() - began
    return report(asked, Heard(path.name, period, entries, seconds, Counter(journal.outcomes), replays[0].in_order(), was, {}, tally))


def of_deployment(settings: Settings, asked: Asked) -> Report:
    """The journal of a deployment, held against what it told, with the verdicts of its subscribers."""
    from deploy.backtest.journal import read_journal, read_past  # noqa: PLC0415 - a file needs no client of Kafka

    began, tally, replays = time.monotonic(), Tally(), list[Replay]()

    def begin(partitions: set[int]) -> Callable[[Placed], None]:
        is_replay = not settings.clock_is_on()
        agencies = {profile.agency for profile in list_agencies(settings)} if is_replay else ()
        replays.append(Replay(asked.rules, Expected(partitions, agencies, is_replay)))

        def take(placed: Placed) -> None:
            tally.take(placed.entry)
            replays[0].take(placed)

        return take

    entries = read_journal(settings, begin)
    seconds, past = time.monotonic() - began, read_past(settings)
    period = Period(asked.first, asked.last, by_bucket=not settings.clock_is_on())
    heard = Heard("the journal", period, entries, seconds, {}, replays[0].in_order(), past.alerts, past.labels, tally)
    return report(asked, heard)


def report(asked: Asked, heard: Heard) -> Report:
    """Compare. Pure."""
    would = told(heard.would, heard.period)
    was = told(heard.was, heard.period) if heard.was is not None else {}
    lost = [one for one in only_in(was, would) if heard.labels.get(one.name) == "real"]
    return Report(
        source=heard.source,
        period=heard.period,
        entries=heard.entries,
        seconds=heard.seconds,
        outcomes=heard.outcomes,
        would=_side(asked, heard, heard.would, would, was),
        was=_side(asked, heard, heard.was, was, would) if heard.was is not None else None,
        rows=rows(was, would),
        lost=lost,
        strongest=strongest(would.values(), heard.tally, asked.strongest),
    )


def _side(asked: Asked, heard: Heard, alerts: Sequence[Alert], mine: Mapping[str, Told], other: Mapping[str, Told]) -> Side:
    return Side(
        rules=tuple(sorted({one.opened.rules for one in mine.values()})),
        alerts=len(mine),
        only=only_in(mine, other) if heard.was is not None else [],
        precision=precision(mine, heard.labels),
        detection=None if heard.period.by_bucket else detection(mine.values()),
        load=load_of(alerts, heard.period, asked.budget),
        planted=search(asked.truth, alerts) if asked.truth else [],
    )
