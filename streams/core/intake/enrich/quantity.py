"""A line's quantity in kg, litres or pieces, with the named, versioned factor that was used. The raw one stays beside it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from schemas.codes import code_list
from schemas.messages import Line
from streams.core.intake.enrich.facts import Facts

_MG_PER_KG = Decimal(1_000_000)


def enrich(line: Line, facts: Facts) -> dict[str, Any]:  # noqa: ARG001 - every enrichment is called alike
    """``base_quantity``, ``base_unit``, ``factor_id``, and ``mass_mg`` (whole milligrams; 0 when the unit is no mass)."""
    unit = _units().get(line.unit or "")
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


@cache
def _units() -> Mapping[str, tuple[str, Decimal, str | None]]:
    """Unit -> base unit, factor to it, and that factor's name (None for a base unit itself)."""
    named = {
        (entry.fields["from_unit"], entry.fields["to_unit"]): entry.code
        for entry in code_list("factors").values()
        if not entry.fields["applies_to"]
    }
    return {
        entry.code: (entry.fields["base_unit"], Decimal(entry.fields["factor"]), named.get((entry.code, entry.fields["base_unit"])))
        for entry in code_list("units").values()
        if entry.fields["base_unit"]
    }
