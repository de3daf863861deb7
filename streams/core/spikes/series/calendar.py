"""Knows of each day in advance whether it is a public holiday in the agency's country, and whether a phase of an operation is active.

The holidays are in ``holidays.csv`` (source and licence: NOTICE-holidays). A country without rows has no holidays.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from mekong.streams.core.spikes.series.spans import days_of
from mekong.streams.core.spikes.statistics.shape import Size


class Calendar(NamedTuple):
    """The calendar of one agency: its country, and the first and last day (ordinals) of the phases in which it is a member."""

    country: str = ""
    phases: tuple[tuple[int, int], ...] = ()

    def shares(self, size: Size, number: int) -> tuple[float, float]:
        """The share of the bucket's days that are holidays, and the share that is in a phase."""
        return _shares(self, size, number)

    def in_phase(self, day: int) -> bool:
        """Whether a phase of the agency is active on ``day``."""
        return any(first <= day <= last for first, last in self.phases)


@lru_cache(maxsize=65_536)
def _shares(calendar: Calendar, size: Size, number: int) -> tuple[float, float]:
    first, last = days_of(size, number)
    holidays, span = holidays_of(calendar.country), range(first, last + 1)
    return sum(day in holidays for day in span) / len(span), sum(calendar.in_phase(day) for day in span) / len(span)


def holidays_of(country: str) -> frozenset[int]:
    """Days (ordinals) that are public holidays in a country, by its ISO 3166-1 code."""
    return _holidays().get(country, frozenset())


@cache
def _holidays() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    text = files(__package__).joinpath("holidays.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        days = found.setdefault(row["country"], set())
        for month_day in row["days"].split():
            days.add(date(int(row["year"]), int(month_day[:2]), int(month_day[2:])).toordinal())
    return {country: frozenset(days) for country, days in found.items()}
