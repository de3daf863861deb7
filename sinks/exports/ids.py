"""A case -> the rows of UNODC's Individual Drug Seizures: one for each line of a drug. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mekong.schemas.codes import code_list
from mekong.sinks.exports.shape import Case, Cell, Goods, SheetExport, Shown
from mekong.sinks.exports.wording import country_of, day_of, label, number, province_of

HEADINGS = (
    *("Row Number", "Seizure Date", "Country/Territory of Seizure", "ISO3 Code", "Region", "Subregion", "City", "Administrative Region"),
    *("Drug/Substance", "Measurement Unit", "Quantity Seized", "Physical Seizure Location", "Trafficking Mode of Transportation"),
)
_NOTHING = "Data not available"
_UNITS = {"g": "g", "kg": "kg", "l": "lt", "tablet": "tablet/pill", "plant": "plant", "unit": "unit", "piece": "unit"}
_LOCATIONS = {
    "road": "Road/ Street/highway",
    "private_dwelling": "Private dwelling/Residence/Home/Private Garage",
    "airport": "Airport",
    "post_office": "Post Office",
    "outdoor": "Other outdoor/open air sites/facilities",
    "prison": "Prisons and other detention centers",
    "healthcare_pharmacy": "Healthcare facilities/Pharmacies",
    "territorial_waters": "Territorial waters (seas, lakes, rivers, etc.)",
    "seaport_riverport": "Seaport/Riverport station/Harbour",
    "commercial_premises": "Commercial premises",
    "warehouse": "Warehouse",
    "railway_bus_station": "Railway/bus station",
    "hotel": "Hotel",
    "international_waters": "International waters",
    "school_university": "Schools, universities and libraries",
}
_TRANSPORT = {
    "air": "Airplane",
    "car_motorcycle": "Car/motorcycle",
    "maritime": "Vessel/boat",
    "postal_express": "Postal/Mail/Express Parcel",
    "train_bus": "Train/Bus",
    "rail": "Train/Bus",
    "on_foot_bicycle": "Bicycle/on foot/walking",
    "truck_van": "Truck/lorry/van",
    "unknown": _NOTHING,
}


def _wants(line: Goods) -> bool:
    return bool(line.own["commodity_group"] == "drug")


def _rows(case: Case, lines: Sequence[Goods]) -> Iterator[Shown]:
    shared = _of_case(case)
    for line in lines:
        unit, quantity = _measured(line)
        own = {"Drug/Substance": line.name, "Measurement Unit": unit, "Quantity Seized": number(quantity)}
        yield Shown({**shared, **own}, (line.number,))


def _measured(line: Goods) -> tuple[str, object]:
    """Unit and quantity: of a unit that the format does not have, in the exchange's base unit; 0 when the quantity is not known."""
    own, added = line.own, line.added
    if own.get("quantity") is None:
        return _UNITS.get(own.get("unit") or "", ""), 0
    if own["unit"] in _UNITS:
        return _UNITS[own["unit"]], own["quantity"]
    if added.get("base_unit") in _UNITS and added.get("base_quantity") is not None:
        return _UNITS[added["base_unit"]], added["base_quantity"]
    return "unit", own["quantity"]


def _of_case(case: Case) -> Mapping[str, Cell]:
    content, country = case.content, code_list("countries").get(country_of(case))
    of_country = country.fields if country else {}
    transport = content.get("transport_mode")
    return {
        "Seizure Date": day_of(case),
        "Country/Territory of Seizure": country.label() if country else "",
        "ISO3 Code": of_country.get("iso3", ""),
        "Region": of_country.get("region", ""),
        "Subregion": of_country.get("subregion", ""),
        "City": label("places", content.get("place")),
        "Administrative Region": province_of(case) or _NOTHING,
        "Physical Seizure Location": _LOCATIONS.get(content.get("place_type") or "", _NOTHING),
        "Trafficking Mode of Transportation": _TRANSPORT.get(transport, "Other") if transport else _NOTHING,
    }


EXPORT = SheetExport(
    name="ids",
    purpose="UNODC Individual Drug Seizures: drugs, a row for each line.",
    headings=HEADINGS,
    wants=_wants,
    rows=_rows,
    dates="dd/mm/yyyy",
)
