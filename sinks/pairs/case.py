"""An entry of the journal in, what is compared of a case out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

DAY_LENGTH = 10
"""Characters of a day: ``2026-05-03``. A longer text has a time, a shorter one only a month or year."""
NOT_SAID = frozenset({"", "XX", "other", "unknown", "hidden", "none"})
"""Codes that say nothing. Two cases that share one have nothing in common by it."""


class Goods(NamedTuple):
    """One line."""

    group: str
    code: str
    """The canonical code; without one the agency's own words, in small letters."""
    quantity: Decimal | None
    unit: str


class Compared(NamedTuple):
    """One case, as it is compared. An empty text is not known."""

    event_id: str
    agency: str
    case_no: str
    kind: str
    """customs, police or other."""
    agency_country: str
    country: str
    day: date | None
    """None when only the month or the year is known."""
    minute: int | None
    """Minutes since 1970, where the time of day is known."""
    admin1: str
    place: str
    at: tuple[float, float] | None
    """Latitude and longitude in degrees."""
    goods: tuple[Goods, ...]
    transport: str
    concealment: frozenset[str]
    origin: str
    destination: str
    suspects: int | None
    conveyance: str
    related_to: frozenset[str]
    is_simulated: bool = False
    """Made up, for an exercise: it is compared with other made-up cases only."""

    @property
    def groups(self) -> frozenset[str]:
        """Its commodity groups."""
        return frozenset(one.group for one in self.goods)


def compared(entry: Mapping[str, Any]) -> Compared:
    """The case of a version in the journal. Raises KeyError when the entry is not a version of a case."""
    content, added = entry["content"], entry["enriched"]
    seized = str(content["seized_at"])
    return Compared(
        entry["event_id"],
        entry["agency"],
        entry["case_no"],
        added["agency_kind"],
        added["agency_country"],
        _said(added.get("country")) or _said(content.get("country")),
        date.fromisoformat(seized[:DAY_LENGTH]) if len(seized) >= DAY_LENGTH else None,
        int(datetime.fromisoformat(seized).timestamp()) // 60 if len(seized) > DAY_LENGTH else None,
        (content.get("admin1") or "").casefold(),
        _said(content.get("place")),
        _point(content),
        tuple(_goods(*both) for both in zip(content["lines"], added["lines"], strict=False)),
        _said(content.get("transport_mode")),
        frozenset(content.get("concealment_methods") or ()) - NOT_SAID,
        _step(content, "origin"),
        _step(content, "destination"),
        (content.get("suspects") or {}).get("count"),
        content.get("conveyance") or "",
        frozenset(content.get("related_to") or ()),
        bool(content.get("simulated")),
    )


def _said(code: str | None) -> str:
    return "" if code is None or code in NOT_SAID else code


def _point(content: Mapping[str, Any]) -> tuple[float, float] | None:
    lat, lon = content.get("lat"), content.get("lon")
    return None if lat is None or lon is None else (float(lat), float(lon))


def _step(content: Mapping[str, Any], role: str) -> str:
    """The country of a role on the route, where there is one and only one."""
    found = {step["country"] for step in content.get("route") or () if step["role"] == role} - NOT_SAID
    return found.pop() if len(found) == 1 else ""


def _goods(line: Mapping[str, Any], added: Mapping[str, Any]) -> Goods:
    """In the base unit where the exchange has converted the quantity, else as it was sent."""
    quantity, unit = (
        (added["base_quantity"], added["base_unit"]) if added.get("base_quantity") else (line.get("quantity"), line.get("unit"))
    )
    code = added.get("code") or str(line["substance_or_taxon"]).casefold()
    return Goods(line["commodity_group"], code, None if quantity is None else Decimal(quantity), unit or "")
