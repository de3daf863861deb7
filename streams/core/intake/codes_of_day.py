"""Finds the first code of a seizure that was not in force on its day. A code is never deleted; it has an end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

from pydantic import BaseModel

from mekong.schemas.codes import Code, Entry, has_periods, periods, within
from mekong.schemas.messages import SeizureContent
from mekong.schemas.record import parts_of
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import EventTime


def not_in_force(message: SeizureContent, time: EventTime) -> Rejected | None:
    """Reject a code that was not in force on the day of the case; for a month or year, on none of its days."""
    for field, name, code in _codes(message, ""):
        if within(periods(name)[code], time.day, time.last_day) is None:
            return Rejected(
                reason=Reason.UNKNOWN_CODE, field=field, detail=f"{code!r} was not in force on {time.day}: {_when(periods(name)[code])}"
            )
    return None


class _Coded(NamedTuple):
    """A field that holds codes of a list with periods (``name``), or records that have such fields (None)."""

    field: str
    name: str | None


def _codes(record: BaseModel, path: str) -> Iterator[tuple[str, str, str]]:
    """Path, list and code of each code in a record whose list has periods."""
    for field, name in _coded(type(record)):
        value = getattr(record, field)
        if value is None:
            continue
        several = isinstance(value, tuple)
        for index, one in enumerate(value if several else (value,)):
            where = f"{path}{field}.{index}" if several else f"{path}{field}"
            if isinstance(one, BaseModel):
                yield from _codes(one, f"{where}.")
            elif name is not None:
                yield where, name, one


@cache
def _coded(record: type[BaseModel]) -> tuple[_Coded, ...]:
    found = []
    for field, info in record.model_fields.items():
        for part in parts_of((info.annotation, *info.metadata)):
            if isinstance(part, Code) and has_periods(part.name):
                found.append(_Coded(field, part.name))
            elif isinstance(part, type) and issubclass(part, BaseModel) and _coded(part):
                found.append(_Coded(field, None))
    return tuple(found)


def _when(entries: tuple[Entry, ...]) -> str:
    return " and ".join(f"it is from {_day(one.valid_from, 'the beginning')} to {_day(one.valid_to, 'today')}" for one in entries)


def _day(day: date | None, else_: str) -> str:
    return day.isoformat() if day else else_
