"""SILENCE: a member of an active phase that usually reports has stopped. Told once, and again when it reports."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from schemas.alerts import Alert, Explain, Kind, Span, State
from streams.core.spikes import bulk, explain, queries, wording
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, Tick
from streams.core.spikes.negbin import log_none, spread
from streams.core.spikes.spans import first_day

_EMPTY: dict[str, Any] = {"days": 0, "log_p": 0.0, "expected": 0.0, "told": None, "p": 1.0}


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Something came: the silence is over."""
    if case.added is None or desk.today is None or case.is_history:
        return
    quiet = desk.part("silence", _EMPTY, change=False)
    if quiet["told"] is not None:
        yield _alert(desk, State.CLEARED, case.received_at, quiet["told"], quiet)
    _begin_again(desk, quiet)


def on_day(desk: Desk, tick: Tick) -> Iterator[Alert]:
    """A day without a single sending makes the silence less probable by the chance of none on that day.

    Sendings, not cases: a member that sends a week's cases on Mondays has one chance a week.
    """
    quiet = desk.part("silence", _EMPTY, change=False)
    if desk.today is None or not bulk.sent(desk) or bulk.came_today(desk):
        return
    if not desk.calendar.in_phase(desk.today):
        if quiet["told"] is None:
            _begin_again(desk, quiet)
        return
    if quiet["told"] is not None or bulk.sent(desk) < desk.rules.silence.min_sendings:
        return
    sendings = bulk.learn(desk)["sendings"]
    if sendings.is_ready():
        quiet = desk.part("silence", _EMPTY)
        mean, log_variance = sendings.band.outlook.means[-1], sendings.band.outlook.log_variances[-1]
        variance = sendings.band.dispersion * mean + spread(mean, min(log_variance, 3.0))
        quiet["log_p"] += log_none(mean, variance)
        quiet["expected"] += mean
        quiet["days"] += 1
        p = math.exp(quiet["log_p"])
        if p < desk.rules.silence.p and quiet["days"] >= desk.rules.silence.min_days:
            since = desk.today - quiet["days"] + 1
            quiet["told"], quiet["p"] = since, p
            yield _alert(desk, State.OPEN, tick.at, since, quiet)


def _begin_again(desk: Desk, quiet: dict[str, Any]) -> None:
    """Reports are not missed any more. Most often they were not: nothing changes then."""
    if quiet["days"]:
        desk.part("silence", _EMPTY).update(_EMPTY)


def _alert(desk: Desk, state: State, at: str, since: int, quiet: dict[str, Any]) -> Alert:
    assert desk.today is not None  # noqa: S101 - an agency without a day has no silence
    begins, ends = explain.span_of("day", since), explain.span_of("day", desk.today)
    bucket = Span(size="day", start=begins.start, end=max(begins.start, ends.end))
    days = desk.today - since + (0 if state is State.CLEARED else 1)
    return explain.alert(
        desk,
        Kind.SILENCE,
        state,
        desk.rules.tier(quiet["p"]),
        group="",
        opener=first_day("day", since),
        bucket=bucket,
        raised_at=at,
        facts={"expected": wording.number(quiet["expected"]), "days": max(1, days)},
        sql=queries.of_span(desk.agency, "", bucket),
        observed=0,
        expected=explain.rounded(quiet["expected"]),
        explain=Explain(p=explain.rounded(quiet["p"]), bits=explain.bits(quiet["p"])),
    )


DETECTOR = Detector(Kind.SILENCE, "A member of an active phase that usually reports has stopped.", on_case, on_day)
