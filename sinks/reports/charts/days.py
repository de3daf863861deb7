"""Draws the cases of each day as bars, with a mark over each day on which an alert began. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from markupsafe import Markup

from mekong.sinks.console import sparkline
from mekong.sinks.reports.charts.drawing import FONT, path, svg, text
from mekong.sinks.reports.shape import Rows
from mekong.sinks.reports.words import Words

MOST_DAYS = 400
_LEFT, _TOP, _TALL, _STRETCH = 34, 26, 90, 4.5
_MARK = 4


def draw(rows: Rows, words: Words) -> Markup | None:
    """The chart; None without cases. Of a longer time, its last days."""
    cases = {row["day"]: row["cases"] for row in rows if row["day"]}
    if not cases:
        return None
    last = max(cases)
    first = max(min(cases), last - timedelta(days=MOST_DAYS - 1))
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    alerts = {row["day"]: row["alerts"] for row in rows if row["alerts"] and row["day"] and first <= row["day"] <= last}
    counts = [cases.get(day, 0) for day in days]
    width = _LEFT + sparkline.STEP * len(days) + 10
    move = f"translate({_LEFT} {_TOP}) scale(1 {_STRETCH})"
    parts = [path(sparkline.bars(counts), "bar", move), *_axes(days, max(counts), words), *_marks(days, alerts)]
    return svg(width, _TOP + _TALL + 2 * FONT, parts, words.texts["chart_days"])


def _axes(days: list[date], most: int, words: Words) -> Iterator[str]:
    end = _LEFT + sparkline.STEP * len(days)
    yield path(f"M{_LEFT} {_TOP + _TALL}H{end}M{_LEFT} {_TOP}h-3M{_LEFT} {_TOP + _TALL}h-3", "axis")
    yield text(_LEFT - 5, _TOP + 4, words.number(most), "end")
    yield text(_LEFT - 5, _TOP + _TALL, "0", "end")
    for place, day in enumerate(days):
        if place == 0 or day.day == 1:
            x = _LEFT + place * sparkline.STEP
            yield path(f"M{x} {_TOP + _TALL}v4", "axis")
            if place == 0 or x > _LEFT + 60:  # the first label needs its room
                yield text(x, _TOP + _TALL + FONT + 4, f"{day:%Y-%m-%d}" if place == 0 else f"{day:%m-%d}")


def _marks(days: list[date], alerts: dict[date, int]) -> Iterator[str]:
    for place, day in enumerate(days):
        if day in alerts:
            x = _LEFT + place * sparkline.STEP + 1.5
            yield path(f"M{x} {_TOP - 4}l-{_MARK} -{_MARK * 2}h{_MARK * 2}z", "mark")
