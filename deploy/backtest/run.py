"""Runs a back-test and returns a ``Report``: it reads the journal or a file once, and replays it under the rules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from mekong.deploy.backtest.compare import Period, RaisedAlert, detection, only_in, precision, raised_alerts, rows
from mekong.deploy.backtest.file import FileJournal
from mekong.deploy.backtest.happened import strongest
from mekong.deploy.backtest.labels import Label
from mekong.deploy.backtest.load import load_of
from mekong.deploy.backtest.planted import search
from mekong.deploy.backtest.replay import Placed, Replay
from mekong.deploy.backtest.report import Report, Side
from mekong.deploy.backtest.tally import Tally
from mekong.deploy.registry import list_agencies
from mekong.producers.parsed import Format
from mekong.producers.simulation.truth import Planted
from mekong.schemas.alerts import Alert
from mekong.schemas.settings import Settings
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.spikes.rules import DEFAULT, Rules


class BacktestOptions(NamedTuple):
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


class ReplayResult(NamedTuple):
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


def of_file(path: Path, format_: Format, secret: bytes, asked: BacktestOptions, on_bytes: Callable[[int], None] = lambda _: None) -> Report:
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
    return report(
        asked, ReplayResult(path.name, period, entries, seconds, Counter(journal.outcomes), replays[0].in_order(), was, {}, tally)
    )


def of_deployment(settings: Settings, asked: BacktestOptions) -> Report:
    """Replay the journal of a deployment and compare the result with its alerts and the verdicts of its subscribers."""
    from mekong.deploy.backtest.journal import read_journal, read_past  # noqa: PLC0415 - a file needs no client of Kafka

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
    heard = ReplayResult("the journal", period, entries, seconds, {}, replays[0].in_order(), past.alerts, past.labels, tally)
    return report(asked, heard)


def report(asked: BacktestOptions, heard: ReplayResult) -> Report:
    """Compare. Pure."""
    would = raised_alerts(heard.would, heard.period)
    was = raised_alerts(heard.was, heard.period) if heard.was is not None else {}
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


def _side(
    asked: BacktestOptions, heard: ReplayResult, alerts: Sequence[Alert], mine: Mapping[str, RaisedAlert], other: Mapping[str, RaisedAlert]
) -> Side:
    return Side(
        rules=tuple(sorted({one.opened.rules for one in mine.values()})),
        alerts=len(mine),
        only=only_in(mine, other) if heard.was is not None else [],
        precision=precision(mine, heard.labels),
        detection=None if heard.period.by_bucket else detection(mine.values()),
        load=load_of(alerts, heard.period, asked.budget),
        planted=search(asked.truth, alerts) if asked.truth else [],
    )
