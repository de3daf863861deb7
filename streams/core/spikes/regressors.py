"""A bucket's number in, its regressors with those of an agency's calendar out."""

from __future__ import annotations

from dataclasses import dataclass

from streams.core.spikes.calendar import Calendar
from streams.core.spikes.shape import Row, Shape


@dataclass(frozen=True)
class Regressors:
    """Of one shape under one calendar. Equal ones give the same, so that what is made of them can be kept."""

    shape: Shape
    calendar: Calendar

    def __call__(self, number: int) -> Row:
        """The row of a bucket."""
        return self.shape.row(number, self.calendar.shares(self.shape.size, number) if self.shape.calendar else ())
