"""``Record``: what every record on a topic is, a frozen pydantic model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

YEARS = range(1970, 9_999)
"""Of a moment: near the calendar's edges it could not be told in every member's local time."""


class Record(BaseModel):
    """A frozen record. Unknown fields are ignored, bytes travel as base64, times carry an offset."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


def _in_utc(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise PydanticCustomError("bad_date", "is no year from {first} to {last}: check it", {"first": YEARS[0], "last": YEARS[-1]})
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant of ``YEARS``: any offset is read, UTC is written."""
