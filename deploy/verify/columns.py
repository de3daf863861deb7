"""Finds columns that do not have what their record says. Each column of some rows is read again, in Python, from the raw record.

A column whose expression names one field is read from that field, and compared by the type that is stored. A column that combines
several fields has its own function here. A column with neither is named in the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from mekong.deploy.verify.report import Check
from mekong.schemas import wire
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.table import Table

Value = dict[str, Any]
Read = Callable[[Value], Any]

OF_EACH_SIZE, AT_MOST = 100, 4_000
"""Rows that are read again: so many of each hundred bytes of length, so that every kind of record is among them."""
_FIELD = re.compile(r"\b([a-z_]\w*)((?:\.[a-z_]\w*)+)")
_ONE_FIELD = re.compile(
    r"[\w.]+|toDate\([\w.]+\)|parseDateTime64BestEffort\([\w.]+, 3, 'UTC'\)"
    r"|if\(([\w.]+) = '', NULL, parseDateTime64BestEffort\(\1, 3, 'UTC'\)\)"
)
_EMPTY = ("", 0, False, UUID(int=0), date(1970, 1, 1))


def check_columns(database: Database, table: Table, check: Check) -> list[str]:
    """Read a sample of rows again; names of the columns that were not."""
    readers = {name: reader for name, expression in table.columns if (reader := reader_of(table, name, expression)) is not None}
    names = ", ".join(f"`{name}`" for name in readers)
    place = "_topic, _partition, _offset"
    rows = database.query(
        f"SELECT {place}, _value, {names} FROM {table.name} WHERE ({place}) IN (SELECT {place} FROM {table.name}"  # noqa: S608
        f" ORDER BY cityHash64({place}) LIMIT {OF_EACH_SIZE} BY intDiv(length(_value), 100) LIMIT {AT_MOST})"
    ).rows
    for topic, partition, offset, raw, *stored in rows:
        check.expected, check.found = check.expected + 1, check.found + 1
        if wrong := _wrong(raw, readers, stored):
            check.different += 1
            check.say(f"{table.name}, {topic}/{partition} offset {offset}: {', '.join(wrong)} is not what the record says")
    return [f"{table.name}.{name}" for name, _ in table.columns if name not in readers]


def _wrong(raw: bytes, readers: Mapping[str, Read], stored: Iterable[Any]) -> list[str]:
    """Names of the columns of a row that do not have what its record says."""
    try:
        value = wire.load(raw)
        return [name for (name, reader), has in zip(readers.items(), stored, strict=True) if not is_same(has, reader(value))]
    except (LookupError, TypeError, ValueError):
        return ["every column"]  # the raw record itself cannot be read


def reader_of(table: Table, column: str, expression: str) -> Read | None:
    """How a column is read from a record. None when nothing declares it."""
    if (table.name, column) in _OWN:
        return _OWN[table.name, column]
    if resized := re.fullmatch(r"arrayResize\((\S+), length\(lines\)\)", expression):
        return _resized(field_of(table, resized[1]))
    if not _ONE_FIELD.fullmatch(expression):
        return None
    found = _FIELD.search(expression)
    return field_of(table, found[0]) if found else None


def field_of(table: Table, text: str) -> Read:
    """The reader of ``part.field``."""
    parts = {part.name: part.path for part in table.parts} | {"r": ()}
    first, *rest = text.split(".")
    path = (*parts[first], *rest)
    return lambda value: at(value, path)


def at(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path. For a list, the value at the path in each element."""
    for number, name in enumerate(path):
        if isinstance(value, list):
            return [at(one, path[number:]) for one in value]
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def is_same(stored: Any, said: Any) -> bool:
    """Whether a stored value is the value of the record. A missing value is stored as nothing, or as the empty value of the type."""
    if isinstance(stored, (list, tuple)):
        return len(stored) == len(said or ()) and all(map(is_same, stored, said or ()))
    if said is None:
        return stored is None or stored in _EMPTY
    if isinstance(stored, datetime):
        found = datetime.fromisoformat(said)
        return stored == found.replace(microsecond=found.microsecond // 1_000 * 1_000)
    if isinstance(stored, date):
        return str(said)[:10] == stored.isoformat()
    if isinstance(stored, (int, float, Decimal)) and not isinstance(stored, bool):
        return _is_same_number(stored, said)
    return bool(stored == said) if isinstance(stored, bool) else str(stored) == str(said)


def _is_same_number(stored: float | Decimal, said: Any) -> bool:
    """Decimals are stored to twelve places; floating-point numbers as they are."""
    try:
        near = abs(Decimal(stored) - Decimal(str(said))) < Decimal("1e-9")
        return stored == float(said) if isinstance(stored, float) else near
    except (InvalidOperation, ValueError):
        return False


def _resized(read: Read) -> Read:
    """One value for each line, whatever was added."""

    def resized(value: Value) -> list[Any]:
        lines = at(value, ("content", "lines")) or []
        return [*(read(value) or []), *[None] * len(lines)][: len(lines)]

    return resized


def _of_agency(name: str) -> Read:
    return lambda value: at(value, ("profile", name)) if value["kind"] == "agency" else at(value, ("enriched", f"agency_{name}"))


def _precision(value: Value) -> str | None:
    seized_at = at(value, ("content", "seized_at"))
    return {0: "", 4: "year", 7: "month", 10: "day"}.get(len(seized_at or ""), "time")


def _day(value: Value) -> str | None:
    seized_at = at(value, ("content", "seized_at"))
    return (seized_at + "0000-01-01"[len(seized_at) :])[:10] if seized_at else None


def _steps(role: str) -> Read:
    return lambda value: [step["country"] for step in at(value, ("content", "route")) or () if step["role"] == role]


def _hs6(value: Value) -> list[Any]:
    sent, added = at(value, ("content", "lines", "hs6")) or [], _resized(lambda one: at(one, ("enriched", "lines", "hs6")))(value)
    return [one or other for one, other in zip(sent, added, strict=True)]


def _ids(name: str) -> Read:
    return lambda value: [found for found in at(value, ("items", name)) or () if found]


_OWN: Mapping[tuple[str, str], Read] = {
    ("journal", "agency_kind"): _of_agency("kind"),
    ("journal", "agency_country"): _of_agency("country"),
    ("journal", "agency_region"): _of_agency("region"),
    ("journal", "seized_precision"): _precision,
    ("journal", "seized_day"): _day,
    ("journal", "seized_at"): lambda value: at(value, ("content", "seized_at")) if _precision(value) == "time" else None,
    ("journal", "country"): lambda value: at(value, ("enriched", "country")) or at(value, ("content", "country")),
    ("journal", "origins"): _steps("origin"),
    ("journal", "destinations"): _steps("destination"),
    ("journal", "line_count"): lambda value: len(at(value, ("content", "lines")) or ()),
    ("journal", "mass_mg"): lambda value: sum(mass or 0 for mass in at(value, ("enriched", "lines", "mass_mg")) or ()),
    ("journal", "lines.hs6"): _hs6,
    ("journal", "unmapped"): lambda value: [
        f"{one['field']}={one['scheme']}:{one['code']}" for one in at(value, ("content", "unmapped")) or ()
    ],
    ("notifications", "alert_ids"): _ids("alert_id"),
    ("notifications", "event_ids"): _ids("event_id"),
}
