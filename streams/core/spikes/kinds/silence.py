"""Raises SILENCE when a member of an active phase that usually reports has stopped: one alert, and another when it reports again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mekong.schemas.alerts import Alert, Explain, Kind, Span, State
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.kinds import bulk
from mekong.streams.core.spikes.kinds.detector import Detector, Tick
from mekong.streams.core.spikes.series.spans import first_day
from mekong.streams.core.spikes.statistics.negbin import log_none, spread
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import explain, queries

_EMPTY: dict[str, Any] = {"days": 0, "log_p": 0.0, "expected": 0.0, "told": None, "p": 1.0}


def on_case(store: DetectorStore, case: Case) -> Iterator[Alert]:
    """End the silence, because a case has arrived."""
    if case.added is None or store.today is None or case.is_history:
        return
    quiet = store.part("silence", _EMPTY, change=False)
    if quiet["told"] is not None:
        yield _alert(store, State.CLEARED, case.received_at, quiet["told"], quiet)
    _begin_again(store, quiet)


def on_day(store: DetectorStore, tick: Tick) -> Iterator[Alert]:
    """Count a day without a sending: multiply the probability of the silence by the probability of no sending on this day.

    The probability is of sendings, not of cases: a member that sends the cases of a week on Mondays has one sending a week.
    """
    quiet = store.part("silence", _EMPTY, change=False)
    if store.today is None or not bulk.sent(store) or bulk.came_today(store):
        return
    if not store.calendar.in_phase(store.today):
        if quiet["told"] is None:
            _begin_again(store, quiet)
        return
    if quiet["told"] is not None or bulk.sent(store) < store.rules.silence.min_sendings:
        return
    sendings = bulk.learn(store)["sendings"]
    if sendings.is_ready():
        quiet = store.part("silence", _EMPTY)
        mean, log_variance = sendings.band.outlook.means[-1], sendings.band.outlook.log_variances[-1]
        variance = sendings.band.dispersion * mean + spread(mean, min(log_variance, 3.0))
        quiet["log_p"] += log_none(mean, variance)
        quiet["expected"] += mean
        quiet["days"] += 1
        p = math.exp(quiet["log_p"])
        if p < store.rules.silence.p and quiet["days"] >= store.rules.silence.min_days:
            since = store.today - quiet["days"] + 1
            quiet["told"], quiet["p"] = since, p
            yield _alert(store, State.OPEN, tick.at, since, quiet)


def _begin_again(store: DetectorStore, quiet: dict[str, Any]) -> None:
    """Start again, because reports are not missing any more. Most often none were missing, and nothing changes."""
    if quiet["days"]:
        store.part("silence", _EMPTY).update(_EMPTY)


def _alert(store: DetectorStore, state: State, at: str, since: int, quiet: dict[str, Any]) -> Alert:
    assert store.today is not None  # noqa: S101 - an agency without a day has no silence
    begins, ends = explain.span_of("day", since), explain.span_of("day", store.today)
    bucket = Span(size="day", start=begins.start, end=max(begins.start, ends.end))
    days = store.today - since + (0 if state is State.CLEARED else 1)
    return explain.alert(
        store,
        Kind.SILENCE,
        state,
        store.rules.tier(quiet["p"]),
        group="",
        opener=first_day("day", since),
        bucket=bucket,
        raised_at=at,
        facts={"expected": quiet["expected"], "days": max(1, days)},
        sql=queries.of_span(store.agency, "", bucket),
        observed=0,
        expected=explain.rounded(quiet["expected"]),
        explain=Explain(p=explain.rounded(quiet["p"]), bits=explain.bits(quiet["p"])),
    )


DETECTOR = Detector(Kind.SILENCE, "A member of an active phase that usually reports has stopped.", on_case, on_day)
