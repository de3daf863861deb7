"""Writes plain English sentences for an operator about what happened. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from mekong.deploy.backtest.compare import NETWORK, RaisedAlert
from mekong.deploy.backtest.happened import Figures, Happened, Part
from mekong.deploy.numbers import number
from mekong.schemas.alerts import Alert


def sentence(one: Happened) -> str:
    """What the data show of one rise: its height, before, after, and what it was made of."""
    size = one.size
    text = f"{_cases(one.now)} {_when(one)}"
    if one.before is not None:
        text += f"; a usual {size} before had {_cases(one.before)}{_times(one)}"
    if one.after is not None:
        text += f"; after it was over, {number(one.after.cases)} a {size}"
    parts = [f"{name} that rose most: {_said(found)}" for name, found in (("Goods", one.goods), ("Agencies", one.agencies)) if found]
    return ". ".join([text, *parts]) + "."


def who(one: Happened) -> str:
    """The series, in words."""
    return "All members together" if one.who == NETWORK else one.who


def why(raised: RaisedAlert) -> str:
    """The alert's own sentence."""
    return raised.opened.sentences.en


def when(alert: Alert) -> str:
    """The bucket of an alert: a month is one word."""
    bucket = alert.bucket
    if bucket.size == "month" and (bucket.start.year, bucket.start.month) == (bucket.end.year, bucket.end.month):
        return f"{bucket.start:%Y-%m}"
    return str(bucket.start) if bucket.start == bucket.end else f"{bucket.start} to {bucket.end}"


def _when(one: Happened) -> str:
    return f"in {one.height:%B %Y}" if one.size == "month" else f"in the week of {one.height}" if one.size == "week" else f"on {one.height}"


def _cases(figures: Figures) -> str:
    return f"{number(figures.cases)} cases ({number(figures.mass_kg)} kg)" if figures.mass_kg else f"{number(figures.cases)} cases"


def _times(one: Happened) -> str:
    return f" ({number(one.now.cases / one.before.cases)} times)" if one.before and one.before.cases else ""


def _said(parts: Iterable[Part]) -> str:
    """``Marijuana, 380 (before 121; 83 % of the rise)``."""
    return ", ".join(f"{part.name} {number(part.cases)} (before {number(part.before)}; {part.share:.0%} of the rise)" for part in parts)
