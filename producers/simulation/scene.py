"""Draws where and how a case happened, from a member and a commodity group: place, transport, concealment, detection, route.

All shares are invented; the codes are those of the code lists. The combinations follow the places: parcels and luggage at airports,
containers at ports, vehicles and walkers at land gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any, NamedTuple

from mekong.producers.simulation.members import Member
from mekong.producers.simulation.phases import CITES
from mekong.schemas.codes import Entry, code_list

KINDS = {"airport": 50, "border_gate": 25, "port": 25}
_PLACE_TYPES = {"airport": "airport", "border_gate": "border_gate", "port": "seaport_riverport"}
_TRANSPORT = {
    "airport": {"air": 55, "postal_express": 45},
    "port": {"maritime": 100},
    "border_gate": {"truck_van": 40, "car_motorcycle": 30, "train_bus": 12, "on_foot_bicycle": 18},
}
_CONCEALMENT = {
    "air": {"luggage": 50, "on_body": 15, "in_body": 8, "clothing": 7, "food": 5, "none": 5, "in_goods": 10},
    "postal_express": {"postal_parcel": 70, "in_goods": 20, "misdeclared": 10},
    "maritime": {"among_goods": 40, "container_structure": 15, "misdeclared": 35, "none": 10},
    "truck_van": {"among_goods": 50, "vehicle_structure": 30, "none": 20},
    "car_motorcycle": {"vehicle_structure": 50, "luggage": 25, "none": 25},
    "train_bus": {"luggage": 60, "on_body": 15, "none": 25},
    "on_foot_bicycle": {"on_body": 40, "luggage": 30, "none": 30},
}
RESERVED_CONCEALMENT = ("liquid", "fuel_tank")
"""Never met but where a new concealment is planted."""
_DETECTION = {
    "scanning": 28,
    "risk_assessment": 25,
    "physical_inspection": 15,
    "sniffer_dog": 10,
    "random_check": 8,
    "third_party_information": 6,
    "trace_detection": 4,
    "investigation": 3,
    "member_warning": 1,
}
_ORIGINS = {
    "drug": {
        "MM": 26,
        "TH": 14,
        "LA": 10,
        "MY": 8,
        "US": 8,
        "VN": 6,
        "CN": 5,
        "CA": 5,
        "NL": 4,
        "IN": 4,
        "MX": 3,
        "DE": 3,
        "BR": 2,
        "AF": 2,
    },
    "precursor": {"CN": 40, "IN": 30, "TH": 10, "VN": 10, "KR": 10},
    "wild": {"NG": 14, "TH": 12, "ID": 12, "VN": 10, "LA": 8, "ZA": 8, "KE": 6, "MZ": 5, "MY": 8, "IN": 5, "BR": 4, "AU": 4, "PE": 4},
}
RESERVED_ORIGINS = ("GT", "ET", "CL", "TR", "MG", "SR", "NA")
"""Never met but where a new route is planted."""
_DESTINATIONS = {"CN": 25, "HK": 15, "AU": 15, "VN": 12, "JP": 10, "NZ": 8, "KR": 8, "US": 7}
_DIRECTIONS = {"import": 60, "export": 14, "transit": 18, "internal": 8}
_ROUTE, _VIA, _SECOND_DETECTION, _SUSPECTS = 0.7, 0.15, 0.15, 0.45
_REASONS = {"drug": "illicit_drug", "precursor": "precursor_unlicensed", "timber": "no_cites_permit"}


class Fixed(NamedTuple):
    """What the cases of one plant have in common; None is drawn for each."""

    place: str | None = None
    transport: str | None = None
    concealment: str | None = None
    origin: str | None = None
    destination: str | None = None


def scene(chance: Random, member: Member, group: str, fixed: Fixed = Fixed()) -> dict[str, Any]:  # noqa: B008 - a NamedTuple cannot change
    """Fields of a seizure, without its time and lines."""
    kind = next((one for one, ways in _TRANSPORT.items() if fixed.transport in ways), None) or chosen(chance, KINDS)
    here = places(member.country)
    place = code_list("places")[fixed.place] if fixed.place else _ranked(chance, [one for one in here if one.fields["kind"] == kind])
    kind = place.fields["kind"] if place else "airport"
    transport = fixed.transport or chosen(chance, _TRANSPORT[kind])
    concealment = fixed.concealment or chosen(chance, _CONCEALMENT[transport])
    detection = chosen(chance, _DETECTION)
    second = chosen(chance, _DETECTION) if chance.random() < _SECOND_DETECTION else detection
    found: dict[str, Any] = {
        "country": member.country,
        "place": place.code if place else None,
        "place_type": _PLACE_TYPES[kind],
        "transport_mode": transport,
        "concealment_methods": [concealment],
        "detection_methods": list(dict.fromkeys((detection, second))),
        "reason_for_seizure": _REASONS.get(group, "no_cites_permit"),
        "outcome": "under_investigation",
        "method_note": f"Simulated case, found by {detection.replace('_', ' ')}.",
        **_way(chance, member.country, group, fixed),
    }
    if chance.random() < _SUSPECTS:
        found["suspects"] = {"count": 1 + int(chance.expovariate(1.2)), "nationalities": [member.country]}
    return found


def chosen(chance: Random, shares: Mapping[str, float]) -> str:
    """One key, by its share."""
    return chance.choices(list(shares), list(shares.values()))[0]


@cache
def places(country: str) -> tuple[Entry, ...]:
    """The places of a country, as the code list has them."""
    return tuple(entry for entry in code_list("places").values() if entry.fields["country"] == country)


def _ranked(chance: Random, found: list[Entry]) -> Entry | None:
    """One place; the first of the list is met most (1, 1/2, 1/3, …). None where the country has none of the kind."""
    return chance.choices(found, [1 / rank for rank in range(1, len(found) + 1)])[0] if found else None


def _way(chance: Random, country: str, group: str, fixed: Fixed) -> dict[str, Any]:
    direction = "import" if fixed.origin else chosen(chance, _DIRECTIONS)
    known = chance.random() < _ROUTE or fixed.origin is not None
    kind = "wild" if group in CITES else group
    origin = fixed.origin or (country if direction in {"export", "internal"} else chosen(chance, _ORIGINS[kind]))
    destination = fixed.destination or (country if direction in {"import", "internal"} else chosen(chance, _DESTINATIONS))
    via = chosen(chance, _DESTINATIONS) if chance.random() < _VIA else None
    steps = [("origin", origin), ("via", via), ("destination", destination)]
    route = [{"role": role, "country": code} for role, code in steps if code] if known else []
    return {"direction": direction, "route": route}
