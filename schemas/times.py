"""Reads and writes the times in records: an event time of any precision, and instants in UTC.

A member knows some seizures to the minute and others only to the month. The text says which, by the reduced forms of
ISO 8601-1:2019 (5.2.2): ``2026-05-03T13:20+07:00`` (time), ``2026-05-03`` (day), ``2026-05`` (month), ``2026`` (year).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

FIRST_YEAR = 2000
_REDUCED = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
_TIMED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_FULL_LENGTH = len("2026-05-03T13:20:00+07:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Precision(StrEnum):
    """How finely an event time is known, the finest first."""

    TIME = "time"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class EventTime(NamedTuple):
    """``day`` is the local date at the place (the first of the month or year when only that is known).

    ``minute`` counts whole minutes since 1970-01-01T00:00Z; None when no time of day is known.
    """

    precision: Precision
    day: date
    minute: int | None

    @property
    def last_day(self) -> date:
        """The last day that it may have been: the end of its month or year when only that is known."""
        if self.minute is not None or self.precision is Precision.DAY:
            return self.day
        if self.precision is Precision.MONTH:
            return (self.day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return self.day.replace(month=12, day=31)


@lru_cache(maxsize=65_536)
def read_event_time(text: str) -> EventTime:
    """The parsed event time. Raises ValueError with a sentence when ``text`` is none of the four forms."""
    if _TIMED.fullmatch(text):
        at = datetime.fromisoformat(text)
        return EventTime(Precision.TIME, at.date(), minute_of(at))
    if not _REDUCED.fullmatch(text):
        raise ValueError("give YYYY, YYYY-MM, YYYY-MM-DD, or a time with its UTC offset as 2026-05-03T13:20+07:00")
    parts = [int(part) for part in text.split("-")]
    day = date(*[*parts, 1, 1][:3])
    return EventTime((Precision.YEAR, Precision.MONTH, Precision.DAY)[len(parts) - 1], day, None)


@lru_cache(maxsize=256)
def read_instant(text: str) -> datetime:
    """An instant in UTC. Raises ValueError with a sentence when ``text`` has no offset or is none."""
    if not _TIMED.fullmatch(text):
        raise ValueError("give an instant in UTC as 2026-05-03T06:20:00Z")
    return datetime.fromisoformat(text).astimezone(UTC)


def minute_of(at: datetime) -> int:
    """Whole minutes since 1970-01-01T00:00Z."""
    since = at - _EPOCH
    return since.days * 1_440 + since.seconds // 60


def to_text(at: datetime) -> str:
    """UTC with milliseconds, as ``2026-05-03T06:20:00.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_ms(ms: int) -> datetime:
    """The instant ``ms`` milliseconds after 1970-01-01T00:00Z."""
    return _EPOCH + timedelta(milliseconds=ms)


def ms_of(at: datetime) -> int:
    """Whole milliseconds since 1970-01-01T00:00Z."""
    return (at - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=4_096)
def text_of_ms(ms: int) -> str:
    """``to_text`` of ``from_ms``: records appended together share their time."""
    return to_text(from_ms(ms))


def _checked(text: str) -> str:
    try:
        found = read_event_time(text)
    except (ValueError, OverflowError) as exc:
        raise PydanticCustomError("bad_date", "{why}", {"why": f"not a date of the calendar: {exc}"}) from exc
    if found.day.year < FIRST_YEAR:
        raise PydanticCustomError("date_too_old", "before {year}: check the year", {"year": FIRST_YEAR})
    written_so = found.minute is None or (len(text) == _FULL_LENGTH and text[-6] == "+")  # most texts are: they stay as they are
    return text if written_so else datetime.fromisoformat(text).isoformat()


EventTimeText = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({_REDUCED.pattern}|{_TIMED.pattern})$".replace(r"\d{4}", r"[2-9]\d{3}"),  # from FIRST_YEAR
            "examples": ["2026-05-03T13:20:00+07:00", "2026-05-03", "2026-05", "2026"],
            "description": "Local date or time at the place, as precise as it is known.",
        },
    ),
]
