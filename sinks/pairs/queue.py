"""Asks ClickHouse for the pairs that wait for a decision, and for what the model says of one pair."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from mekong.schemas.decisions import pair_of
from mekong.schemas.wire import load
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.pairs.case import compared
from mekong.sinks.pairs.reading import Case, Days, current, days, read_cases
from mekong.sinks.pairs.score import Model, Result, Suspected, suspect

_AROUND_DAYS = 30
"""What is usual around a pair is counted from so many days before and after it."""


def queue(database: Database, within: Days) -> Result:
    """The suspected pairs that nobody has decided about."""
    decided = {(one.first, one.second) for one in current(database)}
    result = suspect(read_cases(database, within))
    return result._replace(suspected=[one for one in result.suspected if _ids(one) not in decided])


def judge_pair(database: Database, one: Case, other: Case) -> Suspected | None:
    """What the model says of two cases, whether they are suspected or not. None when one of them is withdrawn."""
    if one.is_withdrawn or other.is_withdrawn:
        return None
    pair = compared(load(one.entry)), compared(load(other.entry))
    seized = [case.day for case in pair if case.day is not None]
    around = Days(min(seized) - timedelta(_AROUND_DAYS), max(seized) + timedelta(_AROUND_DAYS)) if seized else days(database)
    return Model(read_cases(database, around)).of(*pair)


def probability_of(database: Database, one: Case, other: Case) -> float | None:
    """The probability that both are one seizure, as a decision keeps it."""
    if one.event_id == other.event_id:
        return None
    found = judge_pair(database, one, other)
    return None if found is None else round(found.probability, 4)


def _ids(one: Suspected) -> tuple[UUID, UUID]:
    return pair_of(UUID(one.first.event_id), UUID(one.second.event_id))
