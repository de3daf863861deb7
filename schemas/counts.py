"""The records of rolling counts (``counts.v1``) and closed buckets (``buckets.v1``): by event time, corrections and withdrawals applied."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Literal, get_args

from mekong.schemas.record import Moment, Record

_ROLLING = re.compile(r"(\d+)([hd])")
_MINUTES = 60


class Window(StrEnum):
    """What a count spans. A record counts only in windows at least as coarse as its precision.

    Rolling ones are named by their length: ``<n>h`` are the n hours up to the minute of the tick, for records with a time of day;
    ``<n>d`` are the tick's local day and those before it, n in all, for records with a day. Calendar ones are named by their ``start``.
    A new rolling window is one line here (docs/add-a-window.md).
    """

    HOUR_1 = "1h"
    HOURS_24 = "24h"
    DAYS_7 = "7d"
    DAYS_30 = "30d"
    DAY = "day"  # one local day; records with a day
    MONTH = "month"  # one calendar month; records with a month
    PHASE = "phase"  # one phase of an operation, to date; records with a month

    @property
    def minutes(self) -> int:
        """Length of a rolling window of hours; 0 for the others."""
        return self._length("h") * _MINUTES

    @property
    def days(self) -> int:
        """Length of a rolling window of days; 0 for the others."""
        return self._length("d")

    def _length(self, unit: str) -> int:
        found = _ROLLING.fullmatch(self.value)
        return int(found[1]) if found and found[2] == unit else 0


class Count(Record):
    """Cases, lines and mass of one series in one window, as of a tick."""

    format: int = 1
    agency: str
    commodity_group: str | None = None
    """None: all groups together (a case with lines of two groups is one case here, and one in each of them)."""
    window: Window
    start: str
    """First day of a calendar window (``2026-05-03``), the phase's code, or empty for a rolling one."""
    as_of: Moment
    """The tick."""
    tick_offset: int
    """The tick's offset in its journal partition. The count includes every entry before this offset."""
    cases: int
    lines: int
    mass_mg: int


Closed = Literal["day", "month"]
"""What a tick closes."""
CLOSED: tuple[Closed, ...] = get_args(Closed)


class Bucket(Record):
    """A day or month of a series that a tick has closed. A later change is written again as the next revision."""

    format: int = 1
    agency: str
    commodity_group: str | None = None
    bucket: Closed
    start: date
    revision: int
    """0 when the bucket closes. Late reports, corrections and withdrawals give 1, 2, …."""
    closed_at: Moment
    """The tick that closed or changed it."""
    tick_offset: int
    cases: int
    lines: int
    mass_mg: int
