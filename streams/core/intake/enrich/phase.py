"""Adds the phase of an operation that a seizure belongs to, by its date, the agency's membership and the commodity groups in scope."""

from __future__ import annotations

from typing import Any

from mekong.schemas.control import Membership
from mekong.schemas.messages import SeizureContent
from mekong.schemas.times import Precision
from mekong.streams.core.intake.enrich.facts import Facts


def enrich(facts: Facts) -> dict[str, Any]:
    """``operation`` and ``phase``; nothing when the seizure belongs to no phase."""
    message = facts.message
    if facts.time is None or facts.time.precision is Precision.YEAR or not isinstance(message, SeizureContent):
        return {}
    named = message.operation
    first, last = facts.time.day, facts.time.last_day
    for member in facts.profile.memberships:  # a month belongs to a phase only when all of its days do
        if member.starts_on <= first and last <= member.ends_on and named in {None, member.operation} and _in_scope(message, member):
            return {"operation": member.operation, "phase": member.phase}
    return {"operation": named} if named else {}


def _in_scope(message: SeizureContent, member: Membership) -> bool:
    return not member.commodity_groups or any(line.commodity_group in member.commodity_groups for line in message.lines)
