"""Adds the agency's kind, country and region, and the country of seizure; when none is given, it is the agency's country."""

from __future__ import annotations

from typing import Any

from mekong.schemas.messages import SeizureContent
from mekong.streams.core.intake.enrich.facts import Facts


def enrich(facts: Facts) -> dict[str, Any]:
    """``agency_kind``, ``agency_country``, ``agency_region``, ``country``."""
    profile = facts.profile
    added: dict[str, Any] = {"agency_kind": profile.kind, "agency_country": profile.country, "agency_region": profile.region}
    if isinstance(facts.message, SeizureContent):
        added["country"] = facts.message.country or profile.country
    return added
