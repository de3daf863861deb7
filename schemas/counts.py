"""Rolling counts (``counts.v1``) and closed buckets (``buckets.v1``), by event time, corrections and withdrawals applied."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from schemas.record import Moment, Record


class Window(StrEnum):
    """What a count spans. A record counts only in windows at least as coarse as its precision.

    Rolling ones end with the minute or the local day of the tick; calendar ones are named by their ``start``.
    """

    HOUR_1 = "1h"  # the 60 minutes up to the tick; records with a time of day
    HOURS_24 = "24h"  # the 1,440 minutes up to the tick; records with a time of day
    DAYS_7 = "7d"  # the tick's local day and the 6 before it; records with a day
    DAYS_30 = "30d"  # the tick's local day and the 29 before it; records with a day
    DAY = "day"  # one local day; records with a day
    MONTH = "month"  # one calendar month; records with a month
    PHASE = "phase"  # one phase of an operation, to date; records with a month


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
    """The tick's offset in its journal partition: the count holds all that stands before it."""
    cases: int
    lines: int
    mass_mg: int


class Bucket(Record):
    """A day or month of a series that a tick has closed. A later change is written again as the next revision."""

    format: int = 1
    agency: str
    commodity_group: str | None = None
    bucket: Literal["day", "month"]
    start: date
    revision: int
    """0 when it closes, then 1, 2, …: late reports, corrections, withdrawals."""
    closed_at: Moment
    """The tick that closed or changed it."""
    tick_offset: int
    cases: int
    lines: int
    mass_mg: int
