"""Decides whether a member may see an alert, a warning or a feedback. This is the only place that decides, until handling rules exist."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from mekong.schemas.control import AgencyProfile, Membership


class Subject(NamedTuple):
    """The facts of an alert, a warning or a feedback that decide who sees it."""

    owner: str | None
    """The agency that it is about or that sent it; None for an alert over all members."""
    first: date
    last: date
    """The days that it is about, first and last included."""
    phases: frozenset[tuple[str, str]] = frozenset()
    """Operation and phase of each phase it belongs to."""
    named: frozenset[str] = frozenset()
    """Agencies that it is addressed or released to."""
    is_red: bool = False
    """Whether it is TLP:RED: only the owner and the named agencies may see it."""


def visible_to(member: AgencyProfile, matter: Subject) -> bool:
    """Whether ``member`` may see ``matter``.

    A member sees its own matters, matters that name it, and matters of a phase in which it is a member or observer on one of the matter's
    days. It sees a TLP:RED matter only when the matter is its own or names it.
    """
    if member.agency == matter.owner or member.agency in matter.named:
        return True
    return not matter.is_red and any((one.operation, one.phase) in matter.phases for one in _then(member, matter.first, matter.last))


def phases_of(profiles: Iterable[AgencyProfile], first: date, last: date, group: str | None) -> frozenset[tuple[str, str]]:
    """The phases of a matter about ``profiles``: the agencies take part on one of its days, and its goods are in scope.

    ``group`` None means all goods together, which belong to every phase.
    """
    return frozenset(
        (one.operation, one.phase)
        for profile in profiles
        for one in _then(profile, first, last)
        if not (group and one.commodity_groups) or group in one.commodity_groups
    )


def _then(profile: AgencyProfile, first: date, last: date) -> Iterable[Membership]:
    return (one for one in profile.memberships if one.starts_on <= last and first <= one.ends_on)
