"""What was planted, as a line of the truth file."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.record import Moment, Record

Kind = Literal["burst", "rise", "network_rise", "new_route", "new_concealment", "new_substance", "giant", "bulk_dump", "silence"]
Expect = Literal["SPIKE", "FIRST_SEEN", "MAJOR", "BULK_REPORT", "SILENCE"]
EXPECT: dict[Kind, Expect] = {
    "burst": "SPIKE",
    "rise": "SPIKE",
    "network_rise": "SPIKE",
    "new_route": "FIRST_SEEN",
    "new_concealment": "FIRST_SEEN",
    "new_substance": "FIRST_SEEN",
    "giant": "MAJOR",
    "bulk_dump": "BULK_REPORT",
    "silence": "SILENCE",
}
"""The kind of alert that should say it."""


class Planted(Record):
    """One thing that was planted. ``agency`` None: the series of all members; ``commodity_group`` None: of all groups."""

    kind: Kind
    expect: Expect
    agency: str | None = None
    commodity_group: str | None = None
    bucket: Literal["day", "week", "days"]
    """``days``: a span of another length than a day or seven."""
    start: date
    """First event day, local."""
    end: date
    """Last event day."""
    size: int
    """Cases added to what happens anyhow; of a bulk dump those reported at once, which are no more than usual; of a silence 0."""
    expected: float
    """Cases of the series that the simulation expects in the bucket anyhow."""
    detail: dict[str, str] = Field(default_factory=dict)
    first_reported_at: Moment | None = None
    last_reported_at: Moment | None = None
    case_nos: tuple[str, ...] = ()
    """In the order in which they were reported."""
