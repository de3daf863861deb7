"""Defines the model of each bucket size: its regressors, how fast each part may change, guard band and windows.

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
"""Variance of the log-rate when nothing is known: for example, between a seventh and seven times."""


CALENDAR_VARIANCES = (0.25, 0.25)
"""The variances of holidays and of phases. Larger ones are worse: then neither the level nor the phase is known, and the level's
discount removes what is known of their sum."""


@dataclass(frozen=True, eq=False)
class Shape:
    """The fixed parts of a model, compared by identity. A discount is the certainty that is left after one bucket (1: no change)."""

    name: str
    size: Size
    period: float
    """Buckets in a year."""
    harmonics: int
    level: float
    slope: float
    season: float
    dispersion: float
    """Discount of the overdispersion."""
    guard: int
    """The number of buckets between the newest bucket and the buckets that the model has learnt."""
    windows: tuple[int, ...]
    """Sums over these numbers of newest buckets are tested and joined. The longest is at most ``guard`` + 1."""
    keep: int
    """The number of closed buckets that late reports can still correct."""
    learn: int
    """The number of buckets in which a new series raises no alert, because its rate is not known yet."""
    patience: int
    """This many high buckets in a row may be one spike; more are the new norm."""
    weekday: float = 0.0
    """Discount of the weekday contrasts; 0: the model has none."""
    calendar: int = 0
    """Calendar regressors: public holidays, operation phases."""
    slope_variance: float = 1e-4
    season_variance: float = 0.25
    """The variance of the first harmonic before anything is known. For the others, it is divided by their number."""
    weekday_variance: float = 0.25
    first_dispersion: float = 1.5

    @property
    def width(self) -> int:
        """Number of regressors."""
        return 2 + 2 * self.harmonics + (WEEKDAYS - 1 if self.weekday else 0) + self.calendar

    def row(self, t: int, calendar: tuple[float, ...] = ()) -> Row:
        """Regressors of bucket ``t``; ``calendar`` has this bucket's share of holidays and of phase days."""
        return _row(self, t, calendar[: self.calendar])

    def most_variances(self) -> Row:
        """The variances of the parts before anything is known. Forgetting never exceeds them."""
        return _most_variances(self)

    def inflation(self) -> Row:
        """The factors of the covariance of two parts for one bucket. Certainty is lost within a block only."""
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
"""The shape of the arrivals of a day, of any day of seizure."""
SHAPES = {shape.name: shape for shape in (DAY, WEEK, MONTH, ARRIVALS)}
