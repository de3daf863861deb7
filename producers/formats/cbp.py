"""Reads "Nationwide Drug Seizures" of US Customs and Border Protection: a CSV of month x office x drug. Each seizure is one message.

The data are public (work of the US Government). They have these traps. A row is one cell: a month, an office and a drug. It has
``Count of Event`` seizures and their total weight in pounds. ``FY`` is the US fiscal year: OCT to DEC belong to the calendar year
before. The running fiscal year reads ``2026 (FYTD)``. ``Other Drugs**`` has the mark of a footnote. A weight of 0 means that it is not
known. An office has one cell for land borders and one for the rest.

A cell of n events becomes n seizures in the cell's month. Their case numbers are made from the cell's key and a running number, so a
newer edition of the file, in another order, gives the same numbers. The cell's weight is rounded to milligrams and divided among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import Literal, NamedTuple

import orjson

from mekong.producers.parsed import Format, Parsed
from mekong.producers.table import Row, rows
from mekong.schemas.codes import code_list
from mekong.schemas.control import AgencyProfile
from mekong.schemas.limits import MAX_MASS_KG
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import EventTime, Precision
from mekong.schemas.zones import standard_offset

COLUMNS = ("FY", "Month (abbv)", "Component", "Land Filter", "Area of Responsibility", "Drug Type", "Count of Event", "Sum Qty (lbs)")
MG_PER_POUND = Decimal("453592.37")
"""The international pound of 1959: 0.45359237 kg, exactly."""
MOST_EVENTS = 100_000
"""The most events of one cell. The largest cell of 2019 to 2022 has 1,925; a larger number than this is damaged."""

_MONTHS = {name: number for number, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}  # noqa: SIM905
_FIRST_OF_FISCAL_YEAR = 10
_YEAR = re.compile(r"(\d{4})( \(FYTD\))?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_NUMBER_LENGTH = 60
_MOST_POUNDS = MAX_MASS_KG * 1_000_000 / MG_PER_POUND
_AGENCY = re.compile(AGENCY_PATTERN)

_ZONES = {  # of the office's seat
    "America/Los_Angeles": (
        "BLAINE SECTOR",
        "EL CENTRO SECTOR",
        "LOS ANGELES FIELD OFFICE",
        "PORTLAND FIELD OFFICE",
        "SAN DIEGO FIELD OFFICE",
        "SAN DIEGO SECTOR",
        "SAN FRANCISCO FIELD OFFICE",
        "SEATTLE FIELD OFFICE",
        "SPOKANE SECTOR",
    ),
    "America/Denver": ("EL PASO FIELD OFFICE", "EL PASO SECTOR", "HAVRE SECTOR"),
    "America/Phoenix": ("TUCSON FIELD OFFICE", "TUCSON SECTOR", "YUMA SECTOR"),
    "America/Chicago": (
        "BIG BEND SECTOR",
        "CHICAGO FIELD OFFICE",
        "DEL RIO SECTOR",
        "GRAND FORKS SECTOR",
        "HOUSTON FIELD OFFICE",
        "LAREDO FIELD OFFICE",
        "LAREDO SECTOR",
        "NEW ORLEANS FIELD OFFICE",
        "NEW ORLEANS SECTOR",
        "RIO GRANDE VALLEY SECTOR",
    ),
    "America/New_York": (
        "ATLANTA FIELD OFFICE",
        "BALTIMORE FIELD OFFICE",
        "BOSTON FIELD OFFICE",
        "BUFFALO FIELD OFFICE",
        "BUFFALO SECTOR",
        "DETROIT FIELD OFFICE",
        "DETROIT SECTOR",
        "HOULTON SECTOR",
        "MIAMI FIELD OFFICE",
        "MIAMI SECTOR",
        "NEW YORK FIELD OFFICE",
        "PRECLEARANCE FIELD OFFICE",
        "SWANTON SECTOR",
        "TAMPA FIELD OFFICE",
    ),
    "America/Puerto_Rico": ("RAMEY SECTOR", "SAN JUAN FIELD OFFICE"),
}
_PLACES = {"RAMEY SECTOR": "PR", "SAN JUAN FIELD OFFICE": "PR", "PRECLEARANCE FIELD OFFICE": "XX"}
"""Where an office seizes when not in the US: Puerto Rico. Preclearance works at airports of several other countries."""


class Cell(NamedTuple):
    """One row, understood."""

    area: str
    month: date
    stem: str
    """What the case numbers of the cell begin with."""
    drug: str
    events: int
    milligrams: int
    where: str


def parse(chunks: Iterable[bytes]) -> Iterator[Parsed | Rejected]:
    """One message for each seizure of the cells. A repeated cell is rejected, because it would correct itself."""
    seen: dict[tuple[str, str], str] = {}
    for row in rows(chunks, COLUMNS):
        cell = row if isinstance(row, Rejected) else read(row)
        if isinstance(cell, Rejected):
            yield cell
            continue
        first = seen.setdefault((cell.area, cell.stem), cell.where)
        if first != cell.where:
            stem = cell.stem.removesuffix("/")
            yield Rejected(reason=Reason.BAD_ROW, field="line", where=cell.where, detail=f"the same cell as {first}", case_no=stem)
            continue
        yield from seizures(cell)


def read(row: Row) -> Cell | Rejected:
    """A row as a cell, or what is wrong with it."""
    year, month_name, _, land, area, drug, count, pounds = (value.strip() for value in row.values)

    month, mass, drug = month_of(year, month_name), milligrams(pounds), drug.rstrip("*").strip()
    stem = f"{month:%Y-%m}/{_slug(drug)}/{_slug(land)}" if month and drug else ""

    def rejected(reason: Reason, column: str, detail: str) -> Rejected:
        return Rejected(reason=reason, field=column, detail=detail, where=row.where, case_no=stem)

    events = int(count) if _COUNT.fullmatch(count) else -1
    if month is None:
        detail = f"{year[:40]!r} and {month_name[:40]!r} do not name a month of a fiscal year such as 2026 (or 2026 (FYTD)) and JAN"
        return rejected(Reason.BAD_DATE, "FY, Month (abbv)", detail)
    if mass is None:
        return rejected(Reason.BAD_QUANTITY, "Sum Qty (lbs)", f"{pounds[:40]!r} is not a weight in pounds, with a decimal point")
    if not _AGENCY.match(agency_of(area)):
        return rejected(Reason.INVALID_VALUE, "Area of Responsibility", f"no agency code can be made of {area[:80]!r}")
    if not drug:
        return rejected(Reason.MISSING_FIELD, "Drug Type", "the drug is missing")
    if not (0 < events <= MOST_EVENTS or events == mass == 0):
        return rejected(Reason.INVALID_VALUE, "Count of Event", f"{count[:40]!r} is not a number of events from 1 to {MOST_EVENTS:,}")
    return Cell(area, month, f"{stem}/", drug, events, mass, row.where)


def month_of(fiscal_year: str, month_name: str) -> date | None:
    """The first day of the calendar month; None when the two name none."""
    year, month = _YEAR.fullmatch(fiscal_year), _MONTHS.get(month_name.upper())
    if year is None or month is None or int(year[1]) <= date.min.year:
        return None
    return date(int(year[1]) - (month >= _FIRST_OF_FISCAL_YEAR), month, 1)


def seizures(cell: Cell) -> Iterator[Parsed]:
    """The seizures of a cell, made from a template. They differ in the running number and, by 1 mg, in the share."""
    agency = agency_of(cell.area)
    time = EventTime(Precision.MONTH, cell.month, None)
    share, larger = divmod(cell.milligrams, cell.events) if cell.events else (0, 0)
    head = f'{{"message_type":"seizure","schema_version":1,"agency":"{agency}","case_no":'
    country = _PLACES.get(cell.area, "US")
    middle = (
        f'","seized_at":"{cell.month:%Y-%m}","country":"{country}",'
        f'"lines":[{{"commodity_group":"drug","substance_or_taxon":{orjson.dumps(cell.drug).decode()},'
    )
    tails = (f"{middle}{_quantity(share + 1)}}}]}}", f"{middle}{_quantity(share)}}}]}}")
    start = f'{head}"{cell.stem}'
    for k in range(1, cell.events + 1):
        yield Parsed(agency, f"{cell.stem}{k}", f"{start}{k}{tails[k > larger]}".encode(), time, cell.where)


def milligrams(pounds: str) -> int | None:
    """The weight in milligrams, rounded half to even. None for a text that is not a weight from 0 to 10^9 kg."""
    if len(pounds) > _NUMBER_LENGTH:
        return None
    with localcontext() as context:
        context.prec = 2 * _NUMBER_LENGTH
        try:
            number = Decimal(pounds)
        except InvalidOperation:
            return None
        if not number.is_finite() or not 0 <= number <= _MOST_POUNDS:
            return None
        return int((number * MG_PER_POUND).to_integral_value(ROUND_HALF_EVEN))


def kilograms(mass_mg: int) -> str:
    """``1234500`` milligrams are ``1.2345`` kg: a plain decimal number of at most six decimals."""
    whole, part = divmod(mass_mg, 1_000_000)
    return f"{whole}.{part:06d}".rstrip("0").removesuffix(".")


def agency_of(area: str) -> str:
    """``ATLANTA FIELD OFFICE`` is ``US-ATLANTA-FIELD-OFFICE``."""
    return f"US-{_slug(area)}"


def profile(agency: str) -> AgencyProfile | None:
    """The office of an agency code: field offices are customs, sectors are Border Patrol."""
    office = _OFFICES.get(agency)
    if office is None:
        return None
    area, zone = office
    kind: Literal["customs", "police"] = "customs" if area.endswith("FIELD OFFICE") else "police"
    component = "Office of Field Operations" if kind == "customs" else "U.S. Border Patrol"
    region = code_list("countries")["US"].fields["region"]
    name = f"{area.title()}, {component}"
    where = {"country": "US", "region": region, "utc_offset": standard_offset(zone), "zone": zone}
    return AgencyProfile.model_validate({"agency": agency, "name": name, "kind": kind, **where})


def _quantity(mass_mg: int) -> str:
    if not mass_mg:
        return '"quantity_kind":"unknown"'
    return f'"quantity":"{kilograms(mass_mg)}","unit":"kg","quantity_kind":"estimated"'


def _slug(text: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "-", text.upper()).strip("-")


_OFFICES = {agency_of(area): (area, zone) for zone, areas in _ZONES.items() for area in areas}

FORMAT = Format("cbp", "US Customs and Border Protection, nationwide drug seizures by month and office (CSV).", parse, profile, sheet=True)
