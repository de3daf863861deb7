"""A case -> the rows of our own sheet ``simple``: one for each line, whatever the goods are. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mekong.schemas.columns import COLUMNS
from mekong.sinks.exports.shape import Case, Cell, Goods, SheetExport, Shown
from mekong.sinks.exports.wording import countries, day_of, label, labels, number

_KIND, _AGENCY = "Exact or estimated", "Agency"
HEADINGS = (*(column.heading["en"] for column in COLUMNS.values()), _KIND, _AGENCY)
_OF_A_LINE = ("commodity_group", "substance_or_taxon", "term_code", "quantity", "unit")


def _rows(case: Case, lines: Sequence[Goods]) -> Iterator[Shown]:
    shared = {COLUMNS[field].heading["en"]: value for field, value in _of_case(case).items()}
    for line in lines:
        cells = {COLUMNS[field].heading["en"]: _cell(field, line.own.get(field)) for field in _OF_A_LINE}
        kind = line.own.get("quantity_kind", "exact")
        yield Shown({**shared, **cells, _KIND: kind, _AGENCY: case.agency}, (line.number,))


def _of_case(case: Case) -> Mapping[str, Cell]:
    content = case.content
    of_route = {f"route.{role}": labels("countries", countries(case, role)) for role in ("origin", "via", "destination")}
    suspects, handling = content.get("suspects") or {}, content.get("handling") or {}
    others = ("country", "admin1", "place", "place_type", "transport_mode", "direction", "value_amount", "value_currency", "method_note")
    several = ("concealment_methods", "detection_methods")
    return {
        "case_no": case.case_no,
        "seized_at": day_of(case),
        **{field: _cell(field, content.get(field)) for field in others},
        **{field: labels(COLUMNS[field].codes, content.get(field, ())) for field in several},
        **of_route,
        "suspects.count": _cell("suspects.count", suspects.get("count")),
        "suspects.nationalities": labels("countries", suspects.get("nationalities", ())),
        "handling.tlp": handling.get("tlp", ""),
    }


def _cell(field: str, value: Any) -> Cell:
    column = COLUMNS[field]
    if column.kind in ("number", "count"):
        return number(value)
    if column.codes == "units":
        return str(value or "")
    return label(column.codes, value) if column.codes else str(value or "")


EXPORT = SheetExport(
    name="simple",
    purpose="The sheet of `mekong template simple`: all goods, a row for each line.",
    headings=HEADINGS,
    wants=lambda _: True,
    rows=_rows,
)
