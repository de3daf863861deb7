"""Puts a briefing of each kind together: it asks ClickHouse for the tables that the kind needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from mekong.schemas.errors import Refused
from mekong.schemas.languages import Language
from mekong.schemas.tlp import LEVELS
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.reports.briefing import Briefing, Named, write
from mekong.sinks.reports.kinds import BILATERAL, JOINT, MEMBER, PHASE, PLANNED, KindOf
from mekong.sinks.reports.question import Account, Scope, account, read_all
from mekong.sinks.reports.shape import Answers, Rows
from mekong.sinks.reports.tables import BY_NAME
from mekong.sinks.reports.words import Words


def of_phase(database: Database, scope: Scope, before: str, language: Language, confirmed: Mapping[str, int]) -> Briefing:
    """The briefing of a phase. ``before``: the phase to compare with; empty: none. ``confirmed``: member -> the cases it confirmed.

    Raises Refused when no case counts, Retriable.
    """
    return _one(database, PHASE, scope, before, language, confirmed)


def of_member(database: Database, scope: Scope, member: str, language: Language, confirmed: Mapping[str, int]) -> Briefing:
    """A member's own figures. Raises Refused when the agency is not a member of the phase."""
    return _one(database, MEMBER, scope, "", language, confirmed, member=member)


def of_plan(database: Database, scope: Scope, before: str, language: Language, confirmed: Mapping[str, int]) -> Briefing:
    """The table for planning the next phase."""
    return _one(database, PLANNED, scope, before, language, confirmed)


def between(database: Database, scope: Scope, pair: tuple[str, str], language: Language, confirmed: Mapping[str, int]) -> Briefing:
    """The briefing between two countries."""
    return _one(database, BILATERAL, scope, "", language, confirmed, pair=pair)


def of_phases(database: Database, scope: Scope, phases: Sequence[str], language: Language) -> Briefing:
    """The joint evaluation of several phases. Raises Refused when none of them has a case that counts."""
    scopes = [scope._replace(phase=phase) for phase in phases]
    counted = [account(database, one) for one in scopes]
    if not any(one.cases for one in counted):
        raise Refused(_nothing(scopes[-1], counted[-1]))
    words = Words(language)
    read = {one.phase: _read(database, JOINT, one) for one in scopes}
    named = Named(words.say("from_to", first=phase_name(phases[0], words), last=phase_name(phases[-1], words)))
    answers = Answers(read[phases[-1]], {}, read)
    return write(JOINT, scope._replace(phase=""), reduce(_sum, counted), answers, words, named)


def phase_name(phase: str, words: Words) -> str:
    """A phase in words."""
    return words.label("phases", phase) if phase else words.texts["outside"]


def _one(
    database: Database,
    kind: KindOf,
    scope: Scope,
    before: str,
    language: Language,
    confirmed: Mapping[str, int],
    *,
    member: str = "",
    pair: tuple[str, str] = ("", ""),
) -> Briefing:
    counted = account(database, scope)
    if not counted.cases:
        raise Refused(_nothing(scope, counted))
    now, words = _read(database, kind, scope), Words(language)
    if member and member not in {row["agency"] for row in now["members"]}:
        raise Refused(f"{member} is not a member of {phase_name(scope.phase, words)}, as known at the cut-off, and reported no case of it")
    compared = _compared(database, scope, before)
    countries = (words.label("countries", pair[0]), words.label("countries", pair[1]))
    right = frozenset(row["agency"] for row in now["members"] if confirmed.get(row["agency"]) == row["cases"])
    named = Named(phase_name(scope.phase, words), phase_name(before, words) if compared else "", member, countries, right)
    return write(kind, scope, counted, Answers(now, compared, pair=frozenset(pair)), words, named)


def _read(database: Database, kind: KindOf, scope: Scope) -> Mapping[str, Rows]:
    return read_all(database, {name: BY_NAME[name] for name in kind.needs}, scope)


def _compared(database: Database, scope: Scope, before: str) -> Mapping[str, Rows]:
    """The tables of the phase before; nothing when it has no case that counts."""
    if not before:
        return {}
    found = _read(database, JOINT, scope._replace(phase=before, since=None))
    return found if any(row["cases"] for row in found["members"]) else {}


def _sum(one: Account, other: Account) -> Account:
    """The account of two phases together."""
    strictest = max(one.level, other.level, key=LEVELS.index)
    return Account(one.cases + other.cases, one.above + other.above, one.other + other.other, strictest)


def _nothing(scope: Scope, counted: Account) -> str:
    """Why no case counts, and what to do."""
    asked, others = ("simulated", "real") if scope.simulated else ("real", "simulated")
    which = f"the phase {scope.phase}" if scope.phase else "no operation"
    said = [f"{scope.known_at:%Y-%m-%d %H:%M} UTC: the exchange knew of 0 {asked} cases for {which} that may be shown"]
    if counted.other:
        said.append(f"it knew of {counted.other:,} {others} cases: {'leave out' if scope.simulated else 'add'} --simulated")
    if counted.above:
        said.append(
            f"{counted.above:,} cases have a marking above {scope.up_to}, or need their senders' leave: see --up-to and --with-leave"
        )
    return ". ".join(said)
