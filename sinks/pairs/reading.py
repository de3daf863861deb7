# ruff: noqa: S608 - the parts of the questions are our own; what is not is a parameter
"""Reads cases, and what people decided about pairs of them, from ClickHouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from mekong.schemas.errors import Refused
from mekong.schemas.wire import load
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.pairs.case import Compared, compared
from mekong.sinks.pairs.weights import MOST_BY_CONVEYANCE

DAYS = 60
"""How many days of cases are compared, where the person does not say."""
MOST_CASES = 10_000
"""Of more cases in the days, those of the last days are compared."""
_NONE = UUID(int=0)
_LIMITS = "SETTINGS max_execution_time = 20, max_threads = 2"
_NEWEST = "SELECT max(seized_day) FROM seizures WHERE seized_day <= today() + 1"
_IN_DAYS = "seized_day BETWEEN {first:Date} AND {last:Date}"
_CASES = f"""SELECT _value FROM journal WHERE kind = 'version' AND (_partition, _offset) IN (
  SELECT _partition, _offset FROM seizures
  WHERE {_IN_DAYS}
    OR event_id IN (SELECT arrayJoin(related_to) FROM seizures WHERE {_IN_DAYS})
    OR conveyance IN (SELECT conveyance FROM seizures WHERE conveyance != '' AND {_IN_DAYS} GROUP BY conveyance
      HAVING count() <= {MOST_BY_CONVEYANCE})
  ORDER BY seized_day DESC, event_id LIMIT {{most:UInt32}}) {_LIMITS}"""
_ONE = f"""SELECT agency, case_no, status, _value FROM journal
WHERE kind = 'version' AND family = 'case' AND event_id = {{id:UUID}} ORDER BY version DESC LIMIT 1 {_LIMITS}"""
_BY_NUMBER = f"""SELECT DISTINCT event_id FROM journal
WHERE kind = 'version' AND family = 'case' AND agency = {{agency:String}} AND case_no = {{case_no:String}} {_LIMITS}"""
_HISTORY = f"""SELECT decision_id, verdict, officer, reason, at, seen, _offset FROM decisions
WHERE first = {{first:UUID}} AND second = {{second:UUID}} ORDER BY _offset LIMIT 1 BY decision_id {_LIMITS}"""
_CURRENT = f"""SELECT first, second, verdict, officer, reason, decided_at, contested FROM pair_decisions
ORDER BY decided_at DESC, first, second {_LIMITS}"""
_NAMES = f"""SELECT DISTINCT event_id, agency, case_no FROM journal
WHERE kind = 'version' AND family = 'case' AND event_id IN {{ids:Array(UUID)}} {_LIMITS}"""
_INCIDENT = f"""SELECT event_id, agency, case_no, seizure_id, gives_figures FROM incident_cases
WHERE incident_id IN (SELECT incident_id FROM incident_cases WHERE event_id IN ({{first:UUID}}, {{second:UUID}}))
ORDER BY incident_id, seizure_id, agency, case_no LIMIT 100 {_LIMITS}"""


class Days(NamedTuple):
    """The days whose cases are compared; both are among them."""

    first: date
    last: date


class Case(NamedTuple):
    """One case as the pages show it."""

    event_id: UUID
    agency: str
    case_no: str
    is_withdrawn: bool
    entry: bytes
    """Its newest version, as the journal has it."""


class Name(NamedTuple):
    """What people call a case."""

    agency: str
    case_no: str


class Decided(NamedTuple):
    """What a person decided about a pair."""

    decision_id: UUID
    verdict: str
    officer: str
    reason: str
    at: datetime
    is_contested: bool
    """Whether the person had not seen the decision before it: two people decided at the same time."""


class Current(NamedTuple):
    """The decision that holds of a pair."""

    first: UUID
    second: UUID
    verdict: str
    officer: str
    reason: str
    at: datetime
    is_contested: bool


class InIncident(NamedTuple):
    """A case of an incident."""

    event_id: UUID
    agency: str
    case_no: str
    seizure_id: UUID
    gives_figures: bool


def days(database: Database, since: date | None = None, until: date | None = None) -> Days:
    """The days to compare: to the newest day that a case has, and 60 of them. Raises Refused for days in the wrong order."""
    last = until or database.value(_NEWEST) or date.today()  # noqa: DTZ011 - without a case any day is right
    first = since or last - timedelta(days=DAYS - 1)
    if first > last:
        raise Refused(f"{first} is after {last}: give the earlier day first.")
    return Days(first, last)


def read_cases(database: Database, within: Days) -> list[Compared]:
    """The cases of these days, as they are known now, and those that a reference or a conveyance leads to."""
    rows = database.query(_CASES, first=within.first, last=within.last, most=MOST_CASES).rows
    return [compared(load(_bytes(row[0]))) for row in rows]


def read_case(database: Database, event_id: UUID) -> Case | None:
    """One case with its newest version; None when there is none."""
    rows = database.query(_ONE, id=event_id).rows
    if not rows:
        return None
    agency, case_no, status, entry = rows[0]
    return Case(event_id, agency, case_no, status == "withdrawn", _bytes(entry))


def case_named(database: Database, text: str) -> Case:
    """The case that a person means by its event id, or by AGENCY/CASE_NO. Raises Refused when there is none."""
    try:
        ids = [UUID(text)]
    except ValueError:
        agency, _, case_no = text.partition("/")
        ids = [row[0] for row in database.query(_BY_NUMBER, agency=agency, case_no=case_no).rows]
    found = [case for one in ids if (case := read_case(database, one))]
    if not found:
        raise Refused(f"{text!r} is not a case here: give its event id, or AGENCY/CASE_NO such as VN-CUSTOMS/HN-26-118.")
    return found[0]


def names(database: Database, ids: Sequence[UUID]) -> dict[UUID, Name]:
    """Event id -> the agency and the number of the case. Of a case that is not there nothing."""
    rows = database.query(_NAMES, ids=list(ids)).rows if ids else []
    return {event_id: Name(agency, case_no) for event_id, agency, case_no in rows}


def history(database: Database, first: UUID, second: UUID) -> list[Decided]:
    """All decisions about a pair, the oldest first."""
    found: list[Decided] = []
    for decision_id, verdict, officer, reason, at, seen, _ in database.query(_HISTORY, first=first, second=second).rows:
        before = found[-1].decision_id if found else _NONE
        found.append(Decided(decision_id, verdict, officer, reason, at, bool(found) and seen != before))
    return found


def current(database: Database) -> list[Current]:
    """What holds now of each pair that is decided, the newest decision first."""
    return [Current(*row) for row in database.query(_CURRENT).rows]


def incident_of(database: Database, first: UUID, second: UUID) -> list[InIncident]:
    """The cases of the incidents that the two cases are in."""
    return [InIncident(*row) for row in database.query(_INCIDENT, first=first, second=second).rows]


def stored_up_to(database: Database) -> int:
    """The highest offset of a decision in ClickHouse; -1 without one."""
    rows: Sequence[Sequence[Any]] = database.query("SELECT toInt64(max(_offset)), count() FROM decisions").rows
    return int(rows[0][0]) if rows and rows[0][1] else -1


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
