"""Writes the summary of a briefing: short sentences, each with the table that its figures are from. Pure.

A sentence is left out when the tables do not have its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from mekong.sinks.reports.change import members
from mekong.sinks.reports.shape import Answers, Row, Rows
from mekong.sinks.reports.words import Words

_CITES = ("fauna", "flora", "timber")
_TOP = 5


class Sentence(NamedTuple):
    """A sentence of the summary."""

    text: str
    table: str
    """The table of its figures."""


class Facts(NamedTuple):
    """What the sentences are made of."""

    answers: Answers
    words: Words
    before: str
    """The name of the phase before."""

    @property
    def now(self) -> Mapping[str, Rows]:
        """The tables of the phase."""
        return self.answers.now


def summary(facts: Facts) -> Iterator[Sentence]:
    """The sentences about a phase, in the order of the tables."""
    for write in _WRITERS:
        yield from write(facts)


def total(tables: Mapping[str, Rows]) -> Row:
    """The row of all groups together."""
    return next((row for row in tables["groups"] if row["commodity_group"] == ""), {"cases": 0, "lines": 0, "agencies": 0, "mass_kg": 0})


def _cases(facts: Facts) -> Iterator[Sentence]:
    found = total(facts.now)
    yield Sentence(
        facts.words.say(
            "s_cases", cases=found["cases"], lines=found["lines"], agencies=found["agencies"], members=len(facts.now["members"])
        ),
        "groups",
    )
    groups = [row for row in facts.now["groups"] if row["commodity_group"]]
    if groups:
        listed = [f"{facts.words.label('commodity_groups', row['commodity_group'])} {facts.words.number(row['cases'])}" for row in groups]
        yield Sentence(facts.words.say("s_groups", groups=", ".join(listed)), "groups")


def _change(facts: Facts) -> Iterator[Sentence]:
    row = next((row for row in facts.now["change"] if row["commodity_group"] == ""), None)
    if row is None or row["change"] is None:
        return
    words, same = facts.words, len(members(facts.now) & members(facts.answers.before))
    yield Sentence(words.say("s_change", before=row["cases_before"], phase=facts.before, change=words.percent(row["change"])), "change")
    if row["same_change"] is not None:
        change = words.percent(row["same_change"])
        yield Sentence(words.say("s_same", members=same, before=row["same_before"], now=row["same_now"], change=change), "change")


def _quantities(facts: Facts) -> Iterator[Sentence]:
    words = facts.words
    for row in sorted(facts.now["quantities"], key=lambda row: -(row["cases"])):
        if row["commodity_group"] == "drug" and row["unit"] in {"kg", "tablet"} and row["quantity"] is not None:
            unit = words.label("units", row["unit"])
            yield Sentence(words.say("s_drugs", quantity=words.amount(row["quantity"]), unit=unit, cases=row["cases"]), "quantities")


def _members(facts: Facts) -> Iterator[Sentence]:
    rows = [row for row in facts.now["members"] if row["cases"]]
    found = total(facts.now)["cases"]
    if len(rows) > _TOP and found:
        most = sum(row["cases"] for row in rows[:_TOP])
        names = ", ".join(f"{row['agency']} {facts.words.number(row['cases'])}" for row in rows[:_TOP])
        yield Sentence(facts.words.say("s_members", names=names, share=round(most / found * 100)), "members")
    silent = len(facts.now["members"]) - len(rows)
    if silent:
        yield Sentence(facts.words.say("s_silent", members=silent), "members")


def _patterns(facts: Facts) -> Iterator[Sentence]:
    words = facts.words
    if row := _first(facts.now["routes"], "origin", "destination"):
        origin, destination = (words.label("countries", row[end]) for end in ("origin", "destination"))
        yield Sentence(words.say("s_route", origin=origin, destination=destination, cases=row["cases"]), "routes")
    if row := _first(facts.now["concealment"], "transport_mode", "concealment"):
        way, how = words.label("transport", row["transport_mode"]), words.label("concealment", row["concealment"])
        yield Sentence(words.say("s_concealment", transport=way, concealment=how, cases=row["cases"]), "concealment")
    if row := _first(facts.now["detection"], "detection"):
        yield Sentence(words.say("s_detection", method=words.label("detection", row["detection"]), cases=row["cases"]), "detection")


def _first(rows: Rows, *known: str) -> Row | None:
    return next((row for row in rows if all(row[name] for name in known)), None)


def _largest(facts: Facts) -> Iterator[Sentence]:
    words = facts.words
    first = [row for row in facts.now["largest"] if row["rank"] == 1]
    for row in sorted(first, key=lambda row: (row["commodity_group"] in _CITES, row["commodity_group"]))[:3]:
        group, mass = words.label("commodity_groups", row["commodity_group"]), words.amount(Decimal(row["mass_kg"]))
        yield Sentence(words.say("s_largest", group=group, mass=mass, agency=row["agency"], case_no=row["case_no"]), "largest")


def _first_seen(facts: Facts) -> Iterator[Sentence]:
    rows = facts.now["first_seen"]
    if rows and facts.answers.before:
        counts = {kind: sum(row["feature"] == kind for row in rows) for kind in ("substance", "concealment", "route")}
        yield Sentence(facts.words.say("s_first_seen", **counts), "first_seen")


def _quality(facts: Facts) -> Iterator[Sentence]:
    rows = facts.now["quality"]
    sums = {name: sum(row[name] for row in rows) for name in ("messages", "rejected", "corrected", "suspected_duplicates")}
    if sums["messages"]:
        yield Sentence(facts.words.say("s_quality", **sums), "quality")


def _changes(facts: Facts) -> Iterator[Sentence]:
    rows = facts.now["changes"]
    if rows:
        sums = {name: sum(row[name] for row in rows) for name in ("added", "corrected", "removed")}
        yield Sentence(facts.words.say("s_changes", **sums), "changes")


def _response(facts: Facts) -> Iterator[Sentence]:
    rows = facts.now["response"]
    received, answered = (sum(row[name] for row in rows) for name in ("warnings_received", "warnings_answered"))
    if received:
        yield Sentence(facts.words.say("s_response", received=received, answered=answered), "response")


_WRITERS: tuple[Callable[[Facts], Iterator[Sentence]], ...] = (
    _cases,
    _change,
    _quantities,
    _members,
    _patterns,
    _largest,
    _first_seen,
    _quality,
    _changes,
    _response,
)
