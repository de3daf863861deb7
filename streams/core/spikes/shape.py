"""What a model of one bucket size looks like: its regressors, how fast each part may change, guard band and windows.

Time is a bucket number: days since 0001-01-01, weeks (Monday to Sunday) since then, months since the year 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Size = Literal["day", "week", "month"]
Row = NDArray[np.float64]
"""Regressors of one bucket."""
WEEKDAYS = 7
MOST_LEVEL = 4.0
"""Variance of the log-rate when nothing is known: between a seventh and seven times, say."""


CALENDAR_VARIANCES = (0.25, 0.25)
"""Of holidays, and of phases. More would be worse: what is split between level and phase is known of neither, and the level's
discount then eats what is known of their sum."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A model's fixed parts, compared by identity. Discounts: the certainty that is left after one bucket (1: it never changes)."""

    name: str
    size: Size
    period: float
    """Buckets in a year."""
    harmonics: int
    level: float
    slope: float
    season: float
    dispersion: float
    """Discount of what is known of the overdispersion."""
    guard: int
    """Buckets between the newest and those the model has learnt from."""
    windows: tuple[int, ...]
    """Sums of so many newest buckets are tested and joined; the longest is ``guard`` + 1 at most."""
    keep: int
    """Closed buckets that can still be corrected by late reports."""
    learn: int
    """Buckets of a new series in which nothing is told: its rate is not known yet."""
    patience: int
    """So many high buckets in a row may be one spike; more are the new norm."""
    weekday: float = 0.0
    """Discount of the weekday contrasts; 0: there are none."""
    calendar: int = 0
    """Calendar regressors: public holidays, operation phases."""
    slope_variance: float = 1e-4
    season_variance: float = 0.25
    """Of the first harmonic before anything is known; that of the others is divided by their number."""
    weekday_variance: float = 0.25
    first_dispersion: float = 1.5

    @property
    def width(self) -> int:
        """Number of regressors."""
        return 2 + 2 * self.harmonics + (WEEKDAYS - 1 if self.weekday else 0) + self.calendar

    def row(self, t: int, calendar: tuple[float, ...] = ()) -> Row:
        """Regressors of bucket ``t``; ``calendar`` holds this bucket's share of holidays and of phase days."""
        return _row(self, t, calendar[: self.calendar])

    def most_variances(self) -> Row:
        """Of the parts before anything is known, which forgetting never exceeds."""
        return _most_variances(self)

    def inflation(self) -> Row:
        """What the covariance of two parts is multiplied by in one bucket: certainty is lost within a block only."""
        return _inflation(self)

    def growth(self) -> Row:
        """``inflation`` less 1."""
        return _growth(self)


@lru_cache(maxsize=16_384)
def _row(shape: Shape, t: int, calendar: tuple[float, ...]) -> Row:
    found = [1.0, 0.0]
    for j in range(1, shape.harmonics + 1):
        angle = 2 * math.pi * j * t / shape.period
        found += [math.cos(angle), math.sin(angle)]
    if shape.weekday:
        day = t % WEEKDAYS
        found += [-1.0] * (WEEKDAYS - 1) if day == WEEKDAYS - 1 else [float(day == other) for other in range(WEEKDAYS - 1)]
    found += [*calendar, *[0.0] * (shape.calendar - len(calendar))]
    row = np.array(found)
    row.flags.writeable = False
    return row


@cache
def _most_variances(shape: Shape) -> Row:
    season = [shape.season_variance / j for j in range(1, shape.harmonics + 1) for _ in range(2)]
    weekdays = [shape.weekday_variance] * (WEEKDAYS - 1 if shape.weekday else 0)
    found = np.array([MOST_LEVEL, shape.slope_variance, *season, *weekdays, *CALENDAR_VARIANCES[: shape.calendar]])
    found.flags.writeable = False
    return found


@cache
def _inflation(shape: Shape) -> Row:
    season = 2 * shape.harmonics
    weekdays = WEEKDAYS - 1 if shape.weekday else 0
    discounts = np.array([shape.level, shape.slope, *[shape.season] * season, *[shape.weekday] * weekdays, *[1.0] * shape.calendar])
    blocks = np.array([0, 1, *[2] * season, *[3] * weekdays, *[4] * shape.calendar])
    found = np.where(blocks[:, None] == blocks[None, :], 1 / np.sqrt(np.outer(discounts, discounts)), 1.0)
    found.flags.writeable = False
    return found


@cache
def _growth(shape: Shape) -> Row:
    found = _inflation(shape) - 1
    found.flags.writeable = False
    return found


DAY = Shape(
    name="day",
    size="day",
    period=365.25,
    harmonics=2,
    level=0.995,
    slope=0.9999,
    season=0.9998,
    weekday=0.9995,
    calendar=2,
    dispersion=0.999,
    guard=6,
    windows=(1, 7),
    keep=400,
    learn=14,
    patience=14,
    slope_variance=1e-5,
    season_variance=0.1,
    weekday_variance=0.1,
)
WEEK = Shape(
    name="week",
    size="week",
    period=365.25 / 7,
    harmonics=2,
    level=0.99,
    slope=0.999,
    season=0.9995,
    calendar=2,
    dispersion=0.998,
    guard=2,
    windows=(1, 2),
    keep=104,
    learn=5,
    patience=5,
)
MONTH = Shape(
    name="month",
    size="month",
    period=12.0,
    harmonics=1,
    level=0.93,
    slope=0.99,
    season=0.995,
    dispersion=0.99,
    guard=1,
    windows=(1, 2),
    keep=48,
    learn=4,
    patience=3,
    slope_variance=4e-4,
)
ARRIVALS = Shape(
    name="arrivals",
    size="day",
    period=365.25,
    harmonics=0,
    level=0.99,
    slope=1.0,
    season=1.0,
    weekday=0.9995,
    calendar=2,
    dispersion=0.995,
    guard=6,
    windows=(1,),
    keep=0,
    learn=14,
    patience=14,
    slope_variance=1e-12,
)
"""Of what arrives on a day, whatever day it is about."""
SHAPES = {shape.name: shape for shape in (DAY, WEEK, MONTH, ARRIVALS)}
