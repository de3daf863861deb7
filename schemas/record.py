"""Defines ``Record``: the frozen pydantic model that every record on a topic is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

YEARS = range(1970, 9_999)
"""The years that a moment may have. Near the ends of the calendar, it could not be written in every member's local time."""


class Record(BaseModel):
    """A frozen record. Unknown fields are ignored, bytes travel as base64, times carry an offset."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


def _in_utc(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise PydanticCustomError("bad_date", "is not a year from {first} to {last}: check it", {"first": YEARS[0], "last": YEARS[-1]})
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant of ``YEARS``: any offset is read, UTC is written."""


def parts_of(annotations: Iterable[Any]) -> Iterator[Any]:
    """Annotations and all that they are made of: of ``tuple[Line, ...] | None`` also ``Line``."""
    for one in annotations:
        yield one
        yield from parts_of(get_args(one))
