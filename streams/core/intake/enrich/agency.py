"""The agency's kind, country and region; the country of seizure, the agency's own when none is given."""

from __future__ import annotations

from typing import Any

from schemas.messages import SeizureContent
from streams.core.intake.enrich.facts import Facts


def enrich(facts: Facts) -> dict[str, Any]:
    """``agency_kind``, ``agency_country``, ``agency_region``, ``country``."""
    profile = facts.profile
    added: dict[str, Any] = {"agency_kind": profile.kind, "agency_country": profile.country, "agency_region": profile.region}
    if isinstance(facts.message, SeizureContent):
        added["country"] = facts.message.country or profile.country
    return added
