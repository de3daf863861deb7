"""Reads LEMIS declarations of the US Fish and Wildlife Service: a CSV of import and export lines. Each seized case becomes one message.

The data are public (after Eskew and others, 2023; codes after EcoHealth Alliance, 2018). They have these traps. Only ``disposition`` S
is a seizure. A case (``control_number``) has several lines, and two equal lines are two lines. Some codes are missing from the code
list. Country ``XX`` is unknown; ``NA`` is nothing; quantity 0 is not known. ``genus`` may read "Non-CITES entry". LEMIS writes Y and P
where CITES writes N (reintroduction) and O (pre-Convention). A code without an equal here is kept raw in ``unmapped``.

The seized lines of the complete file (a few in a hundred) are held in memory, because the lines of a case may be far apart.
The day of the disposition is the day of the seizure: shipment dates are up to a year before or after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from mekong.producers.formats import lemis_codes as codes
from mekong.producers.parsed import Format, Parsed
from mekong.producers.table import rows
from mekong.schemas.codes import code_list
from mekong.schemas.control import AgencyProfile
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import EventTime, Precision

AGENCY = "US-FISH-AND-WILDLIFE-SERVICE"
COLUMNS = (
    "control_number",
    "taxa",
    "class",
    "genus",
    "species",
    "subspecies",
    "generic_name",
    "description",
    "quantity",
    "unit",
    "value",
    "country_origin",
    "country_imp_exp",
    "purpose",
    "source",
    "disposition",
    "disposition_date",
    "import_export",
    "port",
)
SEIZED = "S"
_NOTHING = ("", "NA")
_NO_SPECIES = ("", "NA", "sp.", "spp.")
_NO_GENUS = ("", "NA", "Non-CITES entry")
_OF_A_CASE = ("disposition_date", "import_export", "port")
_NUMBER_LENGTH = 24


class Entry(NamedTuple):
    """One seized line of the file."""

    where: str
    values: dict[str, str]


def parse(chunks: Iterable[bytes]) -> Iterator[Parsed | Rejected]:
    """One message for each control number, in the order in which the numbers first appear."""
    cases: dict[str, list[Entry]] = {}
    for row in rows(chunks, COLUMNS):
        if isinstance(row, Rejected):
            yield row
            continue
        values = dict(zip(COLUMNS, map(str.strip, row.values), strict=True))
        if values["disposition"] != SEIZED:
            continue
        if values["control_number"] in _NOTHING:
            yield Rejected(reason=Reason.MISSING_FIELD, field="control_number", where=row.where, detail="a seized line without its case")
            continue
        cases.setdefault(values["control_number"], []).append(Entry(row.where, values))
    for case_no, entries in cases.items():
        yield seizure(case_no, entries)


def seizure(case_no: str, entries: list[Entry]) -> Parsed | Rejected:
    """The lines of one case as one message. Lines that disagree on the day or the port make no case: a person must look."""
    where, first = entries[0]
    if (differs := _difference(case_no, entries)) is not None:
        return differs
    day = _day(first["disposition_date"])
    if day is None:
        detail = f"{first['disposition_date'][:40]!r} is not a day such as 2016-01-26T00:00:00Z"
        return Rejected(reason=Reason.BAD_DATE, field="disposition_date", where=where, detail=detail, case_no=case_no)
    unmapped: dict[tuple[str, str], None] = {}
    lines = []
    for entry in entries:
        line = _line(entry, unmapped)
        if isinstance(line, Rejected):
            return line
        lines.append(line)
    value = _encoded(case_no, day, entries, lines, unmapped)
    return Parsed(AGENCY, case_no, value, EventTime(Precision.DAY, day, None), where)


def _encoded(case_no: str, day: date, entries: list[Entry], lines: list[dict[str, Any]], unmapped: dict[tuple[str, str], None]) -> bytes:
    """The message in JSON. Codes of the case that are on no list are added to ``unmapped``, which has those of the lines."""
    first = entries[0].values
    message: dict[str, Any] = {
        "message_type": "seizure",
        "schema_version": 1,
        "agency": AGENCY,
        "case_no": case_no,
        "seized_at": day.isoformat(),
        **_place(first["port"], unmapped),
        **_direction(first["import_export"], unmapped),
        "route": _route(entries, unmapped),
        "lines": lines,
        **_value(entries),
        "unmapped": [{"field": field, "scheme": "LEMIS", "code": code} for field, code in unmapped],
    }
    return orjson.dumps({key: part for key, part in message.items() if part != []})


def _difference(case_no: str, entries: list[Entry]) -> Rejected | None:
    """The first line that disagrees with the first one on what is of the case."""
    where, first = entries[0]
    for entry in entries[1:]:
        for column in _OF_A_CASE:
            if entry.values[column] != first[column]:
                detail = f"case {case_no[:40]!r} has {entry.values[column][:40]!r} here and {first[column][:40]!r} in {where}"
                return Rejected(reason=Reason.BAD_ROW, field=column, where=entry.where, detail=detail, case_no=case_no)
    return None


def profile(agency: str) -> AgencyProfile | None:
    """The one agency of this format."""
    if agency != AGENCY:
        return None
    region = code_list("countries")["US"].fields["region"]
    return AgencyProfile(
        agency=AGENCY,
        name="Fish and Wildlife Service, Office of Law Enforcement",
        kind="other",
        country="US",
        region=region,
        utc_offset="-05:00",
        zone="America/New_York",
    )


def _line(entry: Entry, unmapped: dict[tuple[str, str], None]) -> dict[str, Any] | Rejected:
    values = entry.values
    quantity = _quantity(values["quantity"])
    if quantity is None:
        detail = f"{values['quantity'][:40]!r} is not a quantity"
        case_no = values["control_number"]
        return Rejected(reason=Reason.BAD_QUANTITY, field="quantity", where=entry.where, detail=detail, case_no=case_no)
    line: dict[str, Any] = {"commodity_group": codes.group_of(values["taxa"], values["description"]), "substance_or_taxon": _taxon(values)}
    _mapped(line, "term_code", values["description"], codes.TERMS, ("description", unmapped))
    _mapped(line, "cites_source", values["source"], codes.SOURCES, ("source", unmapped))
    _mapped(line, "cites_purpose", values["purpose"], codes.PURPOSES, ("purpose", unmapped))
    unit = codes.UNITS.get(values["unit"])
    if unit is None and values["unit"] not in _NOTHING:
        unmapped["unit", values["unit"]] = None
    if unit is None or not quantity:
        return {**line, "quantity_kind": "unknown"}
    return {**line, "quantity": f"{quantity.normalize():f}", "unit": unit, "quantity_kind": "exact"}


def _mapped(line: dict[str, Any], field: str, code: str, known: dict[str, str], raw: tuple[str, dict[tuple[str, str], None]]) -> None:
    """Write ``code`` into ``field`` as a code of the exchange, or keep it as it is among the unmapped codes."""
    column, unmapped = raw
    if code in known:
        line[field] = known[code]
    elif code not in _NOTHING:
        unmapped[column, code] = None


def _taxon(values: dict[str, str]) -> str:
    """The finest name given: ``Rana catesbeiana``, ``Rana spp.``, or the class when the genus is not on record."""
    genus, species, subspecies = values["genus"], values["species"], values["subspecies"]
    if genus in _NO_GENUS:
        return next((name for name in (values["class"], values["generic_name"].title()) if name not in (*_NOTHING, "Na")), "unknown")
    if species in _NO_SPECIES:
        return genus if genus.endswith("idae") else f"{genus} spp."
    return f"{genus} {species}" if subspecies in _NOTHING else f"{genus} {species} {subspecies}"


def _place(port: str, unmapped: dict[tuple[str, str], None]) -> dict[str, str]:
    found = codes.PORTS.get(port)
    if found is not None:
        return {"country": found.country} if found.state is None else {"country": found.country, "admin1": found.state}
    if port not in _NOTHING:
        unmapped["port", port] = None
    return {"country": "US"}


def _direction(code: str, unmapped: dict[tuple[str, str], None]) -> dict[str, str]:
    if code in codes.DIRECTIONS:
        return {"direction": codes.DIRECTIONS[code]}
    if code not in _NOTHING:
        unmapped["import_export", code] = None
    return {}


def _route(entries: list[Entry], unmapped: dict[tuple[str, str], None]) -> list[dict[str, str]]:
    """The country of origin and the other end of the shipment, each country once, as the papers state."""
    steps: dict[tuple[str, str], None] = {}
    for _, values in entries:
        other = "destination" if values["import_export"] == "E" else "departure"
        for role, column in (("origin", "country_origin"), (other, "country_imp_exp")):
            country = values[column]
            if country in code_list("countries"):
                steps[role, country] = None
            elif country not in _NOTHING:
                unmapped[column, country] = None
    return [{"role": role, "country": country} for role, country in steps]


def _value(entries: list[Entry]) -> dict[str, str]:
    """The sum in US dollars when every line has a value."""
    found = [_quantity(values["value"]) for _, values in entries if values["value"] not in _NOTHING]
    if len(found) < len(entries) or None in found:
        return {}
    return {"value_amount": f"{sum((value for value in found if value is not None), Decimal()):f}", "value_currency": "USD"}


def _quantity(text: str) -> Decimal | None:
    """The quantity; 0 for a field without a value, None for a text that is not a number."""
    if text in _NOTHING:
        return Decimal()
    try:
        number = Decimal(text) if len(text) <= _NUMBER_LENGTH else Decimal("NaN")
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 and abs(number.adjusted()) < _NUMBER_LENGTH else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.removesuffix("T00:00:00Z"))
    except ValueError:
        return None


FORMAT = Format("lemis", "US Fish and Wildlife Service, LEMIS import and export lines: the seized ones (CSV).", parse, profile, sheet=True)
