"""Gives the members of a phase, and how many cases each member is expected to report of each group.

Published of phase V: Viet Nam 123 cases (customs and police), Australia more than 90, 1,715 in all, "very uneven". The other weights
are invented to fit. Shares of a group across members are raked so that the group's total is the published one.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Literal, NamedTuple

from mekong.producers.simulation.phases import CITES, Phase, by_group
from mekong.schemas.codes import code_list

Habit = Literal["live", "desk", "weekly"]
_ONLY = 1e6  # a body that has nothing else to report


class Ways(NamedTuple):
    """How one agency reports. ``cases`` is its part in phase V; the others are relative to the rest."""

    cases: float
    cites: float
    precursors: float
    habit: Habit


WAYS = {
    "VN-CUSTOMS": Ways(108, 1.3, 1, "live"),
    "VN-POLICE": Ways(15, 0, 1, "desk"),
    "CN-CUSTOMS": Ways(190, 1.5, 2, "desk"),
    "LA-CUSTOMS": Ways(16, 1, 3, "weekly"),
    "TH-CUSTOMS": Ways(110, 0.8, 2, "live"),
    "TH-ONCB": Ways(45, 0, 2, "weekly"),
    "KH-CUSTOMS": Ways(14, 1, 1, "desk"),
    "MM-CUSTOMS": Ways(12, 0.6, 4, "weekly"),
    "KR-CUSTOMS": Ways(135, 0.4, 0.5, "live"),
    "AU-BORDER-FORCE": Ways(95, 0.6, 1, "live"),
    "BD-CUSTOMS": Ways(22, 1.2, 1, "weekly"),
    "BN-CUSTOMS": Ways(2, 1, 1, "desk"),
    "HK-CUSTOMS": Ways(230, 1.2, 0.6, "live"),
    "IN-CUSTOMS": Ways(102, 1, 2, "desk"),
    "IN-WCCB": Ways(14, _ONLY, 0, "desk"),
    "MN-CUSTOMS": Ways(3, 1, 1, "weekly"),
    "NP-CUSTOMS": Ways(9, 1.2, 1, "desk"),
    "NZ-CUSTOMS": Ways(125, 0.4, 1, "live"),
    "SG-CUSTOMS": Ways(12, 1, 0.5, "live"),
    "SG-CNB": Ways(30, 0, 0.5, "live"),
    "SG-NPARKS": Ways(10, _ONLY, 0, "desk"),
    "MY-CUSTOMS": Ways(120, 0.8, 1, "desk"),
    "ID-CUSTOMS": Ways(70, 1, 1, "weekly"),
    "PH-CUSTOMS": Ways(60, 1, 1, "desk"),
    "JP-CUSTOMS": Ways(85, 0.3, 0.5, "live"),
    "LK-CUSTOMS": Ways(25, 1, 1, "desk"),
    "PK-CUSTOMS": Ways(30, 0.8, 2, "weekly"),
    "MV-CUSTOMS": Ways(6, 0.3, 0, "desk"),
    "MO-CUSTOMS": Ways(20, 1, 0.5, "desk"),
}
_OTHERS = Ways(10, 1, 1, "desk")


class Member(NamedTuple):
    """One reporting agency."""

    agency: str
    country: str
    zone: timezone
    ways: Ways


def members_of(phase: Phase) -> tuple[Member, ...]:
    """Who reports in the phase, in the order of the code lists. Observers do not, nor, where fewer countries are published, the small."""
    parts = [entry.fields for entry in code_list("memberships").values() if entry.fields["phase"] == phase.code]
    found = [_member(part["agency"]) for part in parts if part["role"] != "observer"]
    if phase.totals.reporting is None:
        return tuple(found)
    ranked = sorted(found, key=lambda member: -member.ways.cases)
    countries = list(dict.fromkeys(member.country for member in ranked))[: phase.totals.reporting]
    return tuple(member for member in found if member.country in countries)


def expected(members: tuple[Member, ...], groups: dict[str, float]) -> dict[tuple[str, str], float]:
    """Cases expected of each agency and group over the phase; they sum to ``groups``."""
    whole = sum(groups.values())
    parts = {member.agency: whole * member.ways.cases / sum(one.ways.cases for one in members) for member in members}
    wild = sum(groups[group] for group in CITES)
    of_wild = _raked(parts, {member.agency: member.ways.cites for member in members}, wild)
    rest = {agency: parts[agency] - of_wild[agency] for agency in parts}
    of_precursors = _raked(rest, {member.agency: member.ways.precursors for member in members}, groups["precursor"])
    found: dict[tuple[str, str], float] = {}
    for agency, left in rest.items():
        found[agency, "drug"] = left - of_precursors[agency]
        found[agency, "precursor"] = of_precursors[agency]
        for group in CITES:
            found[agency, group] = of_wild[agency] * groups[group] / wild if wild else 0.0
    return found


def in_phase(phase: Phase, members: tuple[Member, ...]) -> dict[tuple[str, str], float]:
    """``expected`` with the published totals."""
    return expected(members, by_group(phase.totals))


def _raked(parts: dict[str, float], relative: dict[str, float], total: float) -> dict[str, float]:
    """``total`` shared out in proportion to part and relative weight, nobody more than its part. Bisection over the common factor."""
    if total <= 0:
        return dict.fromkeys(parts, 0.0)
    low, high = 0.0, 1e3
    for _ in range(80):
        middle = (low + high) / 2
        given = sum(min(part, part * relative[agency] * middle) for agency, part in parts.items())
        low, high = (middle, high) if given < total else (low, middle)
    return {agency: min(part, part * relative[agency] * high) for agency, part in parts.items()}


def _member(agency: str) -> Member:
    fields = code_list("agencies")[agency].fields
    sign, hours, minutes = fields["utc_offset"][0], fields["utc_offset"][1:3], fields["utc_offset"][4:]
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    return Member(agency, fields["country"], timezone(offset), WAYS.get(agency, _OTHERS))
