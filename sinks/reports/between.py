"""Makes the tables of a briefing between two countries, from the tables of a phase: flows, warnings, joint cases, open questions. Pure."""

from __future__ import annotations

from mekong.schemas.codes import code_list
from mekong.sinks.reports.shape import Answers, Rows


def flows(answers: Answers) -> Rows:
    """The routes from one of the two countries to the other."""
    return [row for row in answers.now["routes"] if {row["origin"], row["destination"]} == answers.pair]


def warned(answers: Answers) -> Rows:
    """The warnings between agencies of the two countries, and what was answered."""
    return [row for row in answers.now["warnings"] if {row["sender_country"], country(row["member"])} == answers.pair]


def open_questions(answers: Answers) -> Rows:
    """The warnings that were not answered, the oldest first."""
    return [row for row in warned(answers) if not row["answered"]]


def joint(answers: Answers) -> Rows:
    """The cases that belong together, of agencies of both countries."""
    return [row for row in answers.now["joint"] if {row["country"], row["other_country"]} == answers.pair]


def country(agency: str) -> str:
    """The country of an agency: by the code list, or by its code."""
    entry = code_list("agencies").get(agency)
    return (entry.fields.get("country") if entry else None) or agency[:2]
