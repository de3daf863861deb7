"""Writes the summary of the other kinds of briefing: joint evaluation, two countries, plan, one member. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mekong.sinks.reports.summary import Facts, Sentence


def joint(facts: Facts) -> Iterator[Sentence]:
    """The growth from phase to phase, in members and in cases."""
    words = facts.words
    for row in facts.now["phases"]:
        phase = words.label("phases", row["phase"])
        yield Sentence(words.say("s_phase", phase=phase, cases=row["cases"], agencies=row["agencies"], members=row["members"]), "phases")
        if row["more"] is not None:
            parts = {name: words.change(row[name]) for name in ("more", "more_same", "more_joined")}
            yield Sentence(words.say("s_growth", phase=phase, change=words.percent(row["change"]), **parts), "phases")
    differing = [row for row in facts.now["published"] if row["difference"]]
    if differing:
        total = len(facts.now["published"])
        yield Sentence(words.say("s_published", differing=len(differing), figures=total), "published")


def between(facts: Facts) -> Iterator[Sentence]:
    """Flows, warnings, joint cases and open questions of two countries."""
    words = facts.words
    for row in facts.now["flows"][:2]:
        origin, destination = (words.label("countries", row[end]) for end in ("origin", "destination"))
        said = words.say("s_flow", origin=origin, destination=destination, cases=row["cases"], mass=words.amount(row["mass_kg"]))
        yield Sentence(said, "flows")
    warned = facts.now["warned"]
    if warned:
        answered = sum(bool(row["answered"]) for row in warned)
        yield Sentence(words.say("s_warned", warnings=len(warned), answered=answered, open=len(warned) - answered), "warned")
    if facts.now["joint_cases"]:
        yield Sentence(words.say("s_joint", pairs=len(facts.now["joint_cases"])), "joint_cases")


def plan(facts: Facts) -> Iterator[Sentence]:
    """How many members have which gap."""
    rows, words = facts.now["plan"], facts.words
    yield Sentence(words.say("s_plan", members=len(rows), gaps=sum(bool(row["gaps"]) for row in rows)), "plan")
    gaps = Counter(gap for row in rows for gap in row["gaps"])
    for gap, members in sorted(gaps.items(), key=lambda one: (-one[1], one[0]))[:3]:
        yield Sentence(words.say("s_gap", gap=words.texts[f"said_{gap}"], members=members), "plan")


def member(facts: Facts) -> Iterator[Sentence]:
    """The figures of one member."""
    for row in facts.now["members"]:
        mass = facts.words.amount(row["mass_kg"])
        said = facts.words.say("s_member", agency=row["agency"], cases=row["cases"], lines=row["lines"], mass=mass)
        yield Sentence(said, "members")
        warned = {name: row[name] for name in ("warnings_sent", "warnings_received")}
        yield Sentence(facts.words.say("s_member_warned", **warned), "members")
    for row in facts.now["quality"]:
        gaps = {name: row[name] for name in ("rejected", "suspected_duplicates", "no_route", "no_place")}
        yield Sentence(facts.words.say("s_member_quality", **gaps), "quality")
