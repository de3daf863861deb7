"""Converts days to bucket numbers, and bucket numbers to days."""

from __future__ import annotations

from datetime import date

from mekong.streams.core.spikes.statistics.shape import WEEKDAYS, Size

_MONTHS = 12


def number_of(size: Size, day: int) -> int:
    """The bucket of a day (``date.toordinal``). Weeks begin on Monday."""
    if size == "day":
        return day
    if size == "week":
        return (day - 1) // WEEKDAYS
    found = date.fromordinal(day)
    return found.year * _MONTHS + found.month - 1


def days_of(size: Size, number: int) -> tuple[int, int]:
    """First and last day of a bucket."""
    if size == "day":
        return number, number
    if size == "week":
        return number * WEEKDAYS + 1, number * WEEKDAYS + WEEKDAYS
    return _first_of_month(number), _first_of_month(number + 1) - 1


def first_day(size: Size, number: int) -> str:
    """ISO date of a bucket's first day."""
    return date.fromordinal(days_of(size, number)[0]).isoformat()


def _first_of_month(number: int) -> int:
    return date(number // _MONTHS, number % _MONTHS + 1, 1).toordinal()
