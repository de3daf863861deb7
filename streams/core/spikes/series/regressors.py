"""Makes the regressors of a bucket, with those of an agency's calendar."""

from __future__ import annotations

from dataclasses import dataclass

from mekong.streams.core.spikes.series.calendar import Calendar
from mekong.streams.core.spikes.statistics.shape import Row, Shape


@dataclass(frozen=True)
class Regressors:
    """The regressors of one shape and one calendar. Equal objects give equal rows, so that results can be cached."""

    shape: Shape
    calendar: Calendar

    def __call__(self, number: int) -> Row:
        """The row of a bucket."""
        return self.shape.row(number, self.calendar.shares(self.shape.size, number) if self.shape.calendar else ())
