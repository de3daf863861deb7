"""A member's profile and a matter in, whether the member may see it out: the one place that decides, until handling rules exist."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from schemas.control import AgencyProfile, Membership


class Matter(NamedTuple):
    """What is to be seen of an alert, a warning or a feedback, as far as it decides who sees it."""

    owner: str | None
    """The agency it is about or from; None for an alert over all members."""
    first: date
    last: date
    """The days it is about, both included."""
    phases: frozenset[tuple[str, str]] = frozenset()
    """Operation and phase of each phase it belongs to."""
    named: frozenset[str] = frozenset()
    """Agencies that it is addressed or released to."""
    is_red: bool = False
    """TLP:RED: for the named only."""


def visible_to(member: AgencyProfile, matter: Matter) -> bool:
    """Whether ``member`` may see ``matter``.

    It sees its own, what names it, and what belongs to a phase that it is a member or observer of on one of the matter's days. What
    is TLP:RED it sees only when it is its own or names it.
    """
    if member.agency == matter.owner or member.agency in matter.named:
        return True
    return not matter.is_red and any((one.operation, one.phase) in matter.phases for one in _then(member, matter.first, matter.last))


def phases_of(profiles: Iterable[AgencyProfile], first: date, last: date, group: str | None) -> frozenset[tuple[str, str]]:
    """The phases that something about ``profiles`` belongs to: they take part on one of its days, and its goods are in scope.

    ``group`` None stands for all goods together, which belong to every phase.
    """
    return frozenset(
        (one.operation, one.phase)
        for profile in profiles
        for one in _then(profile, first, last)
        if not (group and one.commodity_groups) or group in one.commodity_groups
    )


def _then(profile: AgencyProfile, first: date, last: date) -> Iterable[Membership]:
    return (one for one in profile.memberships if one.starts_on <= last and first <= one.ends_on)
