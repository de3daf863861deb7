"""Defines ``Planted``, a line of the truth file: what was planted."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from mekong.schemas import alerts
from mekong.schemas.record import Moment, Record

Kind = Literal["burst", "rise", "network_rise", "new_route", "new_concealment", "new_substance", "giant", "bulk_dump", "silence"]
EXPECT: dict[Kind, alerts.Kind] = {
    "burst": alerts.Kind.SPIKE,
    "rise": alerts.Kind.SPIKE,
    "network_rise": alerts.Kind.SPIKE,
    "new_route": alerts.Kind.FIRST_SEEN,
    "new_concealment": alerts.Kind.FIRST_SEEN,
    "new_substance": alerts.Kind.FIRST_SEEN,
    "giant": alerts.Kind.MAJOR,
    "bulk_dump": alerts.Kind.BULK_REPORT,
    "silence": alerts.Kind.SILENCE,
}
"""The kind of alert that should report the plant."""


class Planted(Record):
    """One thing that was planted. ``agency`` None: the series of all members; ``commodity_group`` None: of all groups."""

    kind: Kind
    expect: alerts.Kind
    agency: str | None = None
    commodity_group: str | None = None
    bucket: Literal["day", "week", "days"]
    """``days``: a span of another length than a day or seven."""
    start: date
    """First event day, local."""
    end: date
    """Last event day."""
    size: int
    """Cases that the plant adds to the usual cases.

    For a bulk dump: the cases that are reported at once; their number is usual. For a silence: 0.
    """
    expected: float
    """Cases of the series that the simulation expects in the bucket without the plant."""
    detail: dict[str, str] = Field(default_factory=dict)
    first_reported_at: Moment | None = None
    last_reported_at: Moment | None = None
    case_nos: tuple[str, ...] = ()
    """The case numbers, in the order in which the cases were reported."""
