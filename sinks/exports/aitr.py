"""A case -> the rows of a CITES Annual Illegal Trade Report: one for each line of fauna, flora or timber. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mekong.sinks.exports.shape import Case, Cell, Goods, SheetExport, Shown
from mekong.sinks.exports.wording import (
    countries,
    day_of,
    label,
    labels,
    money,
    nationalities,
    place_of,
    quantity_with_unit,
)

HEADINGS = (
    *("Species", "Date of seizure", "Location of incident", "Detecting agency", "Description of specimen", "Quantity (+ unit)"),
    *("Reason for seizure", "Method of detection", "Mode of transport", "Method of concealment", "Alleged country of origin"),
    *("Country(ies) of transit", "Alleged final destination", "Estimated value in country (amount and currency)"),
    *("Nationality of offenders", "Law under which charges were brought", "Sanction", "Disposal of confiscated specimens"),
    "Additional information",
)
_REASONS = {
    "no_cites_permit": "No CITES permit",
    "fake_cites_permit": "Fake CITES permit",
    "undeclared_misdeclared": "Undeclared/misdeclared",
    "illegal_entry": "Illegal entry",
    "no_wildlife_licence": "No licence under wildlife act",
    "no_national_noc": "No NOC",
    "fake_national_noc": "Fake NOC",
    "expired_national_noc": "Expired NOC",
}
_DETECTION = {"sniffer_dog": "Sniffer dog", "third_party_information": "Third-party information", "other": "Other (specify)"}
_TRANSPORT = {
    "maritime": "Maritime",
    "rail": "Rail",
    "air": "Air",
    "postal_express": "Postal service",
    **dict.fromkeys(("road", "car_motorcycle", "truck_van", "train_bus"), "Road"),
}
_CONCEALMENT = {
    "none": "No concealment",
    "postal_parcel": "Postal parcel",
    "luggage": "Luggage",
    "on_body": "Carry on body",
    "cage": "Cage",
    "other": "Other (specify)",
}


def _wants(line: Goods) -> bool:
    return line.own["commodity_group"] in ("fauna", "flora", "timber")


def _rows(case: Case, lines: Sequence[Goods]) -> Iterator[Shown]:
    shared = _of_case(case)
    for line in lines:
        own = {
            "Species": line.name,
            "Description of specimen": label("terms", line.own.get("term_code")),
            "Quantity (+ unit)": quantity_with_unit(line),
        }
        yield Shown({**shared, **own}, (line.number,))


def _of_case(case: Case) -> Mapping[str, Cell]:
    content = case.content
    return {
        "Date of seizure": day_of(case),
        "Location of incident": place_of(case),
        "Detecting agency": label("agencies", case.agency),
        "Reason for seizure": label("reasons", content.get("reason_for_seizure"), _REASONS),
        "Method of detection": labels("detection", content.get("detection_methods", ()), _DETECTION),
        "Mode of transport": label("transport", content.get("transport_mode"), _TRANSPORT),
        "Method of concealment": labels("concealment", content.get("concealment_methods", ()), _CONCEALMENT),
        "Alleged country of origin": labels("countries", countries(case, "origin")),
        "Country(ies) of transit": labels("countries", countries(case, "via")),
        "Alleged final destination": labels("countries", countries(case, "destination")),
        "Estimated value in country (amount and currency)": money(case),
        "Nationality of offenders": labels("countries", nationalities(case)),
        "Law under which charges were brought": label("legal_bases", content.get("legal_basis")),
        "Sanction": label("sanctions", content.get("sanction")),
        "Disposal of confiscated specimens": label("disposals", content.get("disposal")),
        "Additional information": content.get("method_note") or "",
    }


EXPORT = SheetExport(
    name="aitr",
    purpose="CITES Annual Illegal Trade Report: wildlife and timber, a row for each line.",
    headings=HEADINGS,
    wants=_wants,
    rows=_rows,
)
