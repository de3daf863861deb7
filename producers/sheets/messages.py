"""Builds the message of one case from its rows, and says for each field which cell it is from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from mekong.producers.sheets.built import Built
from mekong.producers.sheets.cells import Fault, row_of
from mekong.producers.sheets.dates import written
from mekong.producers.sheets.fields import FIELDS
from mekong.producers.sheets.rows import Entry, Fields, Given
from mekong.producers.sheets.spellings import code_of
from mekong.schemas.codes import code_list
from mekong.schemas.limits import MAX_LINES
from mekong.schemas.rejected import Reason
from mekong.schemas.times import EventTime, Precision

_ROUTE = "route."
_PARTS = ("seized_at.year", "seized_at.month", "seized_at.day")


def message_of(case_no: str, agency: str | None, entries: list[Entry], *, one_row: bool) -> Built:
    """The message of the rows of one case, or all that is wrong with them. ``one_row`` says that a case has one row only."""
    built = Built(faults=[fault for entry in entries for fault in entry.faults])
    if one_row and len(entries) > 1:
        why = f"the case number is in row {entries[0].number} already: give each case a number of its own"
        built.faults += [Fault(entry.number, entry.case["case_no"].cell, "case_no", Reason.BAD_ROW, why) for entry in entries[1:]]
    case = _merged(entries, built)
    first = entries[0].number
    built.agency = agency or (case["agency"].value if "agency" in case else None)
    if built.agency is None:
        why = "no column names the agency: give the sender with --agency"
        built.faults.append(Fault(first, "", "agency", Reason.MISSING_FIELD, why))
    built.time = _time(case, first, built)
    _lines(entries, built)
    if not built.faults:
        _write(case_no, case, built)
    return built


def _merged(entries: list[Entry], built: Built) -> Fields:
    """The fields of the case. Rows may leave them empty, and may not say two things: both cells have the fault then."""
    found = dict(entries[0].case)
    first: dict[str, Fault] = {}
    for entry in entries[1:]:
        for name, given in entry.case.items():
            before = found.setdefault(name, given)
            if before.value == given.value:
                continue
            if FIELDS[name].kind == "codes":
                found[name] = Given(tuple(dict.fromkeys((*before.value, *given.value))), before.cell)
            else:
                built.faults.append(_unlike(name, entry.number, given.cell, before.cell))
                if before.cell:
                    first.setdefault(name, _unlike(name, row_of(before.cell), before.cell, given.cell or f"row {entry.number}"))
    built.faults += first.values()
    return found


def _unlike(field: str, row: int, cell: str, other: str) -> Fault:
    why = (
        f"is not the same as {other or 'the constant of the layout'}, and the rows are of one case: give both the same, or two case numbers"
    )
    return Fault(row, cell, field, Reason.BAD_ROW, why)


def _time(case: Fields, row: int, built: Built) -> EventTime | None:
    at = case.pop("seized_at", None)
    year, month, day = (case.pop(name, None) for name in _PARTS)
    if at is not None:
        built.cells["seized_at"] = at.cell
        found: EventTime = at.value
        return found
    if year is None:
        if not any(fault.reason is Reason.BAD_DATE for fault in built.faults):
            built.faults.append(
                Fault(row, "", "seized_at", Reason.MISSING_FIELD, "the date of the seizure is missing: write it as 2026-05-31")
            )
        return None
    built.cells["seized_at"] = year.cell
    return _of_parts(year, month, day, row, built)


def _of_parts(year: Given, month: Given | None, day: Given | None, row: int, built: Built) -> EventTime | None:
    try:
        found = date(year.value, month.value if month else 1, day.value if day and month else 1)
    except (ValueError, OverflowError):
        why = "year, month and day are not a day of the calendar: write them as 2026, 5 and 31"
        built.faults.append(Fault(row, year.cell, "seized_at", Reason.BAD_DATE, why))
        return None
    return EventTime(Precision.YEAR if month is None else Precision.MONTH if day is None else Precision.DAY, found, None)


def _lines(entries: list[Entry], built: Built) -> None:
    lines = [(entry, line) for entry in entries for line in entry.lines]
    if len(lines) > MAX_LINES:
        why = f"the case has {len(lines):,} lines, and a message has at most {MAX_LINES}: give the rows several case numbers"
        built.faults.append(Fault(entries[0].number, "", "case_no", Reason.TOO_MANY_LINES, why))
    built.message["lines"] = [
        _line(entry, line, f"lines.{number}.", built) for number, (entry, line) in enumerate(lines) if not entry.faults
    ]


def _line(entry: Entry, line: Fields, path: str, built: Built) -> dict[str, Any]:
    found = {name: _plain(given.value) for name, given in line.items()}
    built.cells.update({path + name: given.cell for name, given in line.items() if given.cell})
    goods = line.get("substance_or_taxon")
    if goods is None:
        why = "the goods are missing: write the substance, or the scientific name"
        built.faults.append(Fault(entry.number, "", "substance_or_taxon", Reason.MISSING_FIELD, why))
        return found
    if "commodity_group" not in found:
        group = _group(goods.value)
        if group is None:
            why = "it is not known whether the goods are drug, precursor, fauna, flora or timber: add a column, or a constant in the layout"
            built.faults.append(Fault(entry.number, goods.cell, "commodity_group", Reason.MISSING_FIELD, why))
            return found
        found["commodity_group"] = group
    if "quantity" not in found:
        return {**{name: value for name, value in found.items() if name != "unit"}, "quantity_kind": "unknown"}
    if "unit" not in found:
        why = "the quantity has no unit: write kg, g, l, piece or another unit of the code list"
        built.faults.append(Fault(entry.number, line["quantity"].cell, "unit", Reason.MISSING_FIELD, why))
    return found


def _group(goods: str) -> str | None:
    """What the goods are, when they are on a code list."""
    for codes in ("substances", "taxa"):
        if (code := code_of(codes, goods)) is not None:
            return code_list(codes)[code].fields["commodity_group"]
    return None


def _write(case_no: str, case: Fields, built: Built) -> None:
    """The fields of the case, in the order of the message."""
    lines = built.message.pop("lines")
    message: dict[str, Any] = {"message_type": "seizure", "schema_version": 1, "agency": built.agency, "case_no": case_no}
    if "case_no" in case:
        built.cells["case_no"] = case["case_no"].cell
    if built.time is not None:
        message["seized_at"] = written(built.time)
    for name, given in case.items():
        if name in ("agency", "case_no") or name.startswith(_ROUTE):
            continue
        outer, _, inner = name.partition(".")
        built.cells[name] = given.cell
        if inner:
            message.setdefault(outer, {})[inner] = _plain(given.value)
        else:
            message[name] = _plain(given.value)
    if route := list(_route(case, built)):
        message["route"] = route
    if "suspects" in message and "count" not in message["suspects"]:
        del message["suspects"]
    built.message = {**message, "lines": lines}


def _route(case: Fields, built: Built) -> Iterator[Mapping[str, str]]:
    number = 0
    for role in ("origin", "departure", "via", "destination"):
        given = case.get(_ROUTE + role)
        for country in given.value if given else ():
            built.cells[f"route.{number}.country"] = given.cell if given else ""
            number += 1
            yield {"role": role, "country": country}


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value
