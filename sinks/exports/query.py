# ruff: noqa: S608 - the condition is one that where.py wrote; all else is ours
"""Writes the SQL of an export: the cases that are asked for, those of them that may leave, and their rows. Pure.

A case is looked for, and judged, by the last content that it had: a withdrawal has none. All queries read the journal up to the same
positions, so they agree, whatever arrives meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from mekong.schemas.sheet_words import WITHDRAWN
from mekong.schemas.tables.cases import SEIZURES
from mekong.schemas.tables.shape import Column, Computed
from mekong.schemas.tlp import CODES_WITH_LEAVE, FREE_CODES, LEVELS
from mekong.sinks.exports.position import Positions, Since

POSITIONS = "SELECT _partition, max(_offset) + 1 FROM journal GROUP BY _partition"
_OF_WITHDRAWN = ("agency", "case_no", "version", "status")
_DEFAULT_LEVEL = "TLP:AMBER"
"""Of what has no marking: most withdrawals."""
_ORDER = "ORDER BY agency, ifNull(seized_day, toDate('2100-01-01')), case_no, version"


class Question(NamedTuple):
    """Which cases are exported."""

    where: str
    """A checked expression (``where.py``)."""
    below: Positions
    """Where the journal ended when the export began."""
    level: str
    """The strictest marking that may leave."""
    with_leave: bool = False
    """Whether the senders gave leave to pass on cases of ``CODES_WITH_LEAVE``."""
    real_only: bool = False
    since: Since | None = None
    known_at: datetime | None = None
    """Only what the exchange had received until then, as ``seizures_as_of`` has it. None: everything."""


class Account(NamedTuple):
    """How many cases match, and why some of them stay."""

    matching: int
    leaving: int
    above: int
    """Their marking is stricter than the level."""
    need_leave: int
    made_up: int


def account(asked: Question) -> str:
    """Counts the cases: the columns of ``Account``."""
    above, needs, made_up = _above(asked), _needs_leave(asked), _made_up(asked)
    counted = (
        "count()",
        f"countIf({_may_leave(asked)})",
        f"countIf({above})",
        f"countIf(NOT ({above}) AND {needs})",
        f"countIf(NOT ({above}) AND NOT ({needs}) AND {made_up})",
    )
    return f"SELECT {', '.join(counted)} FROM ({_contents(asked)}) WHERE event_id IN (SELECT event_id FROM ({_latest(asked)}))"


def records(asked: Question) -> str:
    """The current version of each case that may leave, as its record."""
    return f"SELECT agency, case_no, version, status, _value {_from_journal(asked)} {_ORDER}"


def table(asked: Question, *, joins_lists: bool) -> str:
    """All columns of each case that may leave, a row for each line; one row without content for a case that was withdrawn."""
    shown = [column for column in SEIZURES.shown if not column.name.startswith(("lines.", "_"))]
    folded = [column for column in SEIZURES.shown if column.name.startswith("lines.")]
    columns = [_shown(column, joins_lists=joins_lists) for column in shown]
    unfolded = [f"`{column.name}` AS {column.name.replace('.', '_')}" for column in folded]
    lines = [column.name.replace(".", "_") for column in folded]
    cells = ", ".join([*columns, "status", "line", *lines])
    names = [(column.name, isinstance(column, Column) and column.type.startswith("Array(") and not joins_lists) for column in shown]
    kept = ", ".join(_of_current(*one) for one in [*names, ("status", False), ("line", False), *((line, False) for line in lines)])
    unfolding = f"LEFT ARRAY JOIN arrayEnumerate(`lines.unit`) AS line, {', '.join(unfolded)}"
    return f"SELECT {kept} FROM (SELECT {cells} FROM (SELECT * {_from_journal(asked)}) {unfolding}) {_ORDER}, line"


def _of_current(name: str, is_list: bool) -> str:
    """A column; of a case that was withdrawn only what says so: the text of a withdrawal was marked by itself."""
    if name in _OF_WITHDRAWN:
        return f"`{name}`"
    return f"if(status = '{WITHDRAWN}', {'[]' if is_list else 'NULL'}, `{name}`) AS `{name}`"


def _from_journal(asked: Question) -> str:
    leaving = f"SELECT event_id FROM ({_contents(asked)}) WHERE {_may_leave(asked)}"
    return f"FROM journal WHERE {_versions(asked)} AND (event_id, version) IN ({_latest(asked)}) AND event_id IN ({leaving})"


def _versions(asked: Question) -> str:
    known = f" AND received_at <= toDateTime64('{asked.known_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')" if asked.known_at else ""
    return f"kind = 'version' AND family = 'case' AND _offset < {asked.below.in_sql}{known}"


def _contents(asked: Question) -> str:
    """Id and marking of each case whose last content matches."""
    columns = ", ".join(_shown(column) for column in SEIZURES.shown)
    last = f"SELECT event_id, maxIf(version, status = 'current') FROM journal WHERE {_versions(asked)} GROUP BY event_id"
    cases = f"SELECT {columns} FROM journal WHERE {_versions(asked)} AND (event_id, version) IN ({last})"
    return f"SELECT event_id, tlp, handling_code, simulated FROM ({cases}) WHERE {asked.where}"


def _latest(asked: Question) -> str:
    """Id and version of each case as it is now: of all that count, or of those that changed, with those that were withdrawn since."""
    return f"SELECT event_id, max(version) FROM journal WHERE {_versions(asked)} GROUP BY event_id HAVING {_changed(asked.since)}"


def _changed(since: Since | None) -> str:
    counts = "argMax(status, version) = 'current'"
    if since is None:
        return counts
    if isinstance(since, Positions):
        limit = since.in_sql.replace("_partition", "any(_partition)")
        return f"argMax(_offset, version) >= {limit} AND ({counts} OR minIf(_offset, status = 'current') < {limit})"
    moment = f"toDateTime64('{since.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"
    return f"argMax(received_at, version) > {moment} AND ({counts} OR minIf(received_at, status = 'current') <= {moment})"


def _may_leave(asked: Question) -> str:
    return f"NOT ({_above(asked)}) AND NOT ({_needs_leave(asked)}) AND NOT ({_made_up(asked)})"


def _above(asked: Question) -> str:
    """A marking that is not known is above every level. A withdrawal's own counts when it is stricter than that of one without any."""
    allowed = _up_to(asked.level)
    return f"(tlp NOT IN ({_texts(allowed)}) OR {_withdrawn(asked, 'tlp', max(allowed, _up_to(_DEFAULT_LEVEL), key=len))})"


def _needs_leave(asked: Question) -> str:
    codes = (*FREE_CODES, *CODES_WITH_LEAVE) if asked.with_leave else FREE_CODES
    return f"(handling_code NOT IN ({_texts(codes)}) OR {_withdrawn(asked, 'handling_code', codes)})"


def _withdrawn(asked: Question, column: str, allowed: tuple[str, ...]) -> str:
    """Whether the case was withdrawn by a message whose own handling is another one."""
    withdrawals = f"{_versions(asked)} AND (event_id, version) IN ({_latest(asked)}) AND status = '{WITHDRAWN}'"
    return f"event_id IN (SELECT event_id FROM journal WHERE {withdrawals} AND {column} NOT IN ({_texts(allowed)}))"


def _up_to(level: str) -> tuple[str, ...]:
    return LEVELS[: LEVELS.index(level) + 1]


def _made_up(asked: Question) -> str:
    return "simulated" if asked.real_only else "false"


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _shown(column: Column | Computed, *, joins_lists: bool = False) -> str:
    name = f"`{column.name}`"
    if isinstance(column, Computed):
        return name if column.sql == column.name else f"{column.sql} AS {name}"
    if joins_lists and column.type.startswith("Array("):
        return f"arrayStringConcat(arrayMap(one -> toString(one), {name}), '; ') AS {name}"
    return name
