"""Makes the table for planning the next phase: each member's figures, its gaps, and what it could look at first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mekong.sinks.reports.change import percent
from mekong.sinks.reports.shape import Answers, Row, Rows

SLOW_DAYS = 7
"""A member whose median report is later has this as a gap."""
MANY_GAPS = 0.25
"""Share of cases without a field from which it is a gap."""
_FIELDS = ("no_route", "no_place", "no_concealment", "no_detection")


def plan(answers: Answers) -> Rows:
    """A row for each member of the phase."""
    quality, response = (_by_agency(answers.now[name]) for name in ("quality", "response"))
    return [_row(member, quality[member["agency"]], response[member["agency"]], answers) for member in answers.now["members"]]


def _by_agency(rows: Rows) -> Mapping[str, Row]:
    return {row["agency"]: row for row in rows}


def _row(member: Row, quality: Row, response: Row, answers: Answers) -> Row:
    agency = member["agency"]
    before = _by_agency(answers.before["members"]).get(agency, {"cases": 0}) if answers.before else {"cases": 0}
    return {
        "agency": agency,
        "cases_before": before["cases"],
        "cases": member["cases"],
        "change": percent(before["cases"], member["cases"]),
        "gaps": list(_gaps(member, quality, response)),
        "first_seen": sum(row["agency"] == agency for row in answers.now["first_seen"]),
        "focus": _risen(agency, answers),
    }


def _gaps(member: Row, quality: Row, response: Row) -> Iterator[str]:
    cases = member["cases"]
    if not cases:
        yield "gap_silent"
    yield from (f"gap_{name}" for name in _FIELDS if cases and quality[name] / cases >= MANY_GAPS)
    if quality["rejected"]:
        yield "gap_rejected"
    if member["median_delay_days"] is not None and member["median_delay_days"] > SLOW_DAYS:
        yield "gap_slow"
    if response["warnings_received"] and not response["warnings_answered"]:
        yield "gap_unanswered"


def _risen(agency: str, answers: Answers) -> list[str]:
    """The commodity groups of a member that have more cases than in the phase before, the largest rise first."""
    now, before = (_groups(tables, agency) for tables in (answers.now, answers.before))
    more = {group: cases - before.get(group, 0) for group, cases in now.items() if before and cases > before.get(group, 0)}
    return sorted(more, key=lambda group: (-more[group], group))


def _groups(tables: Mapping[str, Rows], agency: str) -> dict[str, int]:
    return {row["commodity_group"]: row["cases"] for row in tables.get("member_groups", ()) if row["agency"] == agency}
