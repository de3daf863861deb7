"""Adds a line's quantity in kg, litres or pieces, with the named, versioned factor that was used. The raw quantity stays next to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

from mekong.schemas.codes import Entry, periods, within
from mekong.schemas.messages import Line
from mekong.streams.core.intake.enrich.facts import Facts

_MG_PER_KG = Decimal(1_000_000)


def enrich(line: Line, facts: Facts) -> dict[str, Any]:
    """``base_quantity``, ``base_unit``, ``factor_id``, and ``mass_mg`` (integer milligrams; 0 when the unit is not a unit of mass)."""
    assert facts.time is not None  # noqa: S101 - only seizures have lines
    unit = _units(facts.time.day, facts.time.last_day).get(line.unit or "")
    if unit is None or line.quantity is None:
        return {"mass_mg": 0}
    base_unit, factor, factor_id = unit
    base = line.quantity * factor
    added: dict[str, Any] = {"base_quantity": f"{base.normalize():f}", "base_unit": base_unit, "mass_mg": 0}
    if factor_id:
        added["factor_id"] = factor_id
    if base_unit == "kg":
        added["mass_mg"] = int((base * _MG_PER_KG).to_integral_value(ROUND_HALF_EVEN))
    return added


@lru_cache(maxsize=16_384)
def _units(first: date, last: date) -> Mapping[str, tuple[str, Decimal, str | None]]:
    """Unit -> base unit, factor to it, and the name of the factor (None for a base unit), as in force on any of these days."""
    units, factors = (_in_force(name, first, last) for name in ("units", "factors"))
    named = {(entry.fields["from_unit"], entry.fields["to_unit"]): entry.code for entry in factors if not entry.fields["applies_to"]}
    return {
        entry.code: (entry.fields["base_unit"], Decimal(entry.fields["factor"]), named.get((entry.code, entry.fields["base_unit"])))
        for entry in units
        if entry.fields["base_unit"]
    }


def _in_force(name: str, first: date, last: date) -> list[Entry]:
    return [entry for entries in periods(name).values() if (entry := within(entries, first, last))]
