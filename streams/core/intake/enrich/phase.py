"""The operation's phase a seizure falls in: by its date, the agency's membership and the commodity groups in scope."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from schemas.control import Membership
from schemas.messages import SeizureContent
from schemas.times import EventTime, Precision
from streams.core.intake.enrich.facts import Facts


def enrich(facts: Facts) -> dict[str, Any]:
    """``operation`` and ``phase``, or nothing when it belongs to none."""
    message = facts.message
    if facts.time is None or facts.time.precision is Precision.YEAR or not isinstance(message, SeizureContent):
        return {}
    named = message.operation
    first, last = facts.time.day, _last_day(facts.time)
    for member in facts.profile.memberships:  # a month belongs to a phase only when all of its days do: half says nothing of the half
        if member.starts_on <= first and last <= member.ends_on and named in {None, member.operation} and _in_scope(message, member):
            return {"operation": member.operation, "phase": member.phase}
    return {"operation": named} if named else {}


def _last_day(time: EventTime) -> date:
    if time.precision is not Precision.MONTH:
        return time.day
    return (time.day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _in_scope(message: SeizureContent, member: Membership) -> bool:
    return not member.commodity_groups or any(line.commodity_group in member.commodity_groups for line in message.lines)
