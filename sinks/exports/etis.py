"""A case -> the row of the Elephant Trade Information System: one for each case, with a pair of columns for each kind of product. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from mekong.sinks.exports.shape import Case, Cell, Goods, SheetExport, Shown
from mekong.sinks.exports.wording import BETWEEN, countries, country_of, day_of, label, labels, money, nationalities, number, place_of

HEADINGS = (
    *("ETIS ID No.", "Folio number", "Status ID", "Updated at", "Report Date", "Seizure year", "Seizure Date", "Source of Data", "Agency"),
    *("Source grade", "Data Rank", "Activities", "Discovered place", "Discovered city", "Cty Dis", "Cty Org", "Raw country codes"),
    *("Worked country codes", "Cty Exp", "Cty Tra", "Cty Des", "Species", "Raw Iv No. Pcs", "Raw Iv Wt (kg)", "Worked Iv No. Pcs"),
    *("Worked Iv Wt (kg)", "Ivory comment", "Hide/skin No. Pcs", "Hide/skin Wt (kg)", "Hide Product No. Pcs", "Hide Product Wt (kg)"),
    *("Hide Product", "Other No. Pcs", "Other Wt (kg)", "Other Product Type", "Other contraband", "Estimated value", "Mode of transport"),
    *("Method of concealment", "Detection methods", "Susp Nat", "Additional information", "Mode of data collection"),
    "Internal reference code",
)
_TAXA = ("elephantidae", "elephas", "loxodonta")
_SLOTS = {"Raw Iv": ("IVP", "TUS"), "Worked Iv": ("IVC", "IJW", "JWL"), "Hide/skin": ("SKI", "SKP"), "Hide Product": ("LPS", "LPL")}
"""The first words of the two columns -> CITES terms. All other terms are in the columns of ``Other``."""
_OTHER = "Other"
_UNITS = {"kg": "Wt (kg)", "piece": "No. Pcs"}
_TRANSPORT = {"maritime": "Sea", "air": "Air", "postal_express": "Post"}
_DETECTION = {
    "scanning": "X-ray",
    "sniffer_dog": "Sniffer dogs",
    "third_party_information": "Intelligence",
    "physical_inspection": "Routine inspection",
}


def _wants(line: Goods) -> bool:
    return line.own["commodity_group"] == "fauna" and line.name.casefold().startswith(_TAXA)


def _rows(case: Case, lines: Sequence[Goods]) -> Iterator[Shown]:
    quantities, shown = _quantities(lines)
    cells = {**_of_case(case), **_way(case), **quantities, "Species": BETWEEN.join(dict.fromkeys(line.name for line in lines))}
    others = (line.name for line in case.lines if not _wants(line))
    yield Shown({**cells, "Other contraband": BETWEEN.join(dict.fromkeys(others))}, shown)


def _quantities(lines: Sequence[Goods]) -> tuple[dict[str, Cell], tuple[int, ...] | None]:
    """The sums, and the lines that they are of. No lines when a column has the sum of several, or a line has no number of its own."""
    sums: dict[str, Decimal] = {}
    by_slot: dict[str, list[Goods]] = {}
    for line in lines:
        slot = next((slot for slot, terms in _SLOTS.items() if line.own.get("term_code") in terms), _OTHER)
        by_slot.setdefault(slot, []).append(line)
        if line.added.get("base_unit") in _UNITS and line.added.get("base_quantity") is not None:
            heading = f"{slot} {_UNITS[line.added['base_unit']]}"
            sums[heading] = sums.get(heading, Decimal(0)) + Decimal(line.added["base_quantity"])
    cells = {heading: number(value) for heading, value in sums.items()}
    if _OTHER in by_slot:
        cells["Other Product Type"] = labels("terms", [code for line in by_slot[_OTHER] if (code := line.own.get("term_code"))])
    ordered = [line for slot in (*_SLOTS, _OTHER) for line in by_slot.get(slot, ())]
    is_exact = len(sums) == len(lines) == len(by_slot)
    return cells, tuple(line.number for line in ordered) if is_exact else None


def _of_case(case: Case) -> Mapping[str, Cell]:
    content, handling = case.content, case.content.get("handling", {})
    return {
        "Report Date": str(content.get("reported_at") or "")[:10],
        "Seizure year": int(str(content["seized_at"])[:4]),
        "Seizure Date": day_of(case),
        "Agency": label("agencies", case.agency),
        "Source grade": handling.get("source_grade") or "",
        "Data Rank": handling.get("information_grade") or "",
        "Activities": label("directions", content.get("direction")),
        "Discovered place": label("place_types", content.get("place_type")),
        "Discovered city": place_of(case),
        "Cty Dis": country_of(case),
        "Estimated value": money(case),
        "Susp Nat": BETWEEN.join(nationalities(case)),
        "Additional information": content.get("method_note") or "",
        "Internal reference code": case.case_no,
    }


def _way(case: Case) -> Mapping[str, Cell]:
    content = case.content
    return {
        "Cty Org": BETWEEN.join(countries(case, "origin")),
        "Cty Exp": BETWEEN.join(countries(case, "departure")),
        "Cty Tra": BETWEEN.join(countries(case, "via")),
        "Cty Des": BETWEEN.join(countries(case, "destination")),
        "Mode of transport": label("transport", content.get("transport_mode"), _TRANSPORT),
        "Method of concealment": labels("concealment", content.get("concealment_methods", ())),
        "Detection methods": labels("detection", content.get("detection_methods", ()), _DETECTION),
    }


EXPORT = SheetExport(
    name="etis",
    purpose="CITES Elephant Trade Information System: elephant products, a row for each case.",
    headings=HEADINGS,
    wants=_wants,
    rows=_rows,
)
