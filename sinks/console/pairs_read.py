"""Asks ClickHouse for what the pages about pairs show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.case import Field, side_by_side, version_of
from mekong.sinks.pairs.queue import judge_pair, queue
from mekong.sinks.pairs.reading import Case, Current, Days, Decided, InIncident, Name, current, days, history, incident_of, names, read_case
from mekong.sinks.pairs.score import Result, Suspected


class Named(NamedTuple):
    """A decision that holds, with the names of its cases."""

    decision: Current
    first: Name | None
    second: Name | None


class Queue(NamedTuple):
    """The page of the queue."""

    within: Days
    result: Result
    decided: Sequence[Named]
    """The newest decisions that hold."""
    total: int
    """How many pairs are decided."""


class Pair(NamedTuple):
    """The page of a pair."""

    first: Case
    second: Case
    fields: Sequence[Field]
    judged: Suspected | None
    """None when a case is withdrawn."""
    history: Sequence[Decided]
    incident: Sequence[InIncident]

    @property
    def holds(self) -> Decided | None:
        """The decision that holds; None where the pair is undecided."""
        return self.history[-1] if self.history and self.history[-1].verdict != "undo" else None


def read_queue(database: Database, *, since: date | None = None, until: date | None = None, most_decided: int = 20) -> Queue:
    """The pairs to decide, and the newest decisions. Raises Refused for days in the wrong order."""
    within = days(database, since, until)
    decided = current(database)
    newest = decided[:most_decided]
    known = names(database, [event_id for one in newest for event_id in (one.first, one.second)])
    named = [Named(one, known.get(one.first), known.get(one.second)) for one in newest]
    return Queue(within, queue(database, within), named, len(decided))


def read_pair(database: Database, first: UUID, second: UUID) -> Pair | None:
    """Two cases with what was decided about them; None when one of them is not there."""
    one, other = read_case(database, first), read_case(database, second)
    if one is None or other is None:
        return None
    fields = side_by_side([version_of(one.entry), version_of(other.entry)])
    return Pair(
        one, other, fields, judge_pair(database, one, other), history(database, first, second), incident_of(database, first, second)
    )
