"""Lists the fields that a column can be, and how the values of each are read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["text", "case_no", "code", "codes", "date", "instant", "part", "quantity", "number", "count", "money", "kind"]


class Field(NamedTuple):
    """One field of a message."""

    kind: Kind
    codes: str = ""
    """The code list of its values."""


_CASE: Mapping[str, Field] = {
    "agency": Field("code", "agencies"),
    "case_no": Field("case_no"),
    "revision": Field("count"),
    "operation": Field("code", "operations"),
    "seized_at": Field("date"),
    "seized_at.year": Field("part"),
    "seized_at.month": Field("part"),
    "seized_at.day": Field("part"),
    "country": Field("code", "countries"),
    "admin1": Field("text"),
    "place": Field("code", "places"),
    "place_type": Field("code", "place_types"),
    "lat": Field("number"),
    "lon": Field("number"),
    "transport_mode": Field("code", "transport"),
    "direction": Field("code", "directions"),
    "detection_methods": Field("codes", "detection"),
    "concealment_methods": Field("codes", "concealment"),
    "route.origin": Field("codes", "countries"),
    "route.departure": Field("codes", "countries"),
    "route.via": Field("codes", "countries"),
    "route.destination": Field("codes", "countries"),
    "reason_for_seizure": Field("code", "reasons"),
    "value_amount": Field("money"),
    "value_currency": Field("code", "currencies"),
    "suspects.count": Field("count"),
    "suspects.nationalities": Field("codes", "countries"),
    "legal_basis": Field("code", "legal_bases"),
    "sanction": Field("code", "sanctions"),
    "disposal": Field("code", "disposals"),
    "outcome": Field("code", "outcomes"),
    "method_note": Field("text"),
    "handling.tlp": Field("code", "tlp"),
}
OF_A_LINE: Mapping[str, Field] = {
    "commodity_group": Field("code", "commodity_groups"),
    "substance_or_taxon": Field("text"),
    "term_code": Field("code", "terms"),
    "quantity": Field("quantity"),
    "unit": Field("code", "units"),
    "quantity_kind": Field("kind"),
    "hs6": Field("text"),
    "purity": Field("number"),
    "cites_source": Field("code", "cites_sources"),
    "cites_purpose": Field("code", "cites_purposes"),
}
FIELDS: Mapping[str, Field] = {**_CASE, **OF_A_LINE}
