# ruff: noqa: S608 - names of our own; what is not is a parameter
"""Asks ClickHouse for the tables of a briefing: the same views that analysts read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from mekong.schemas.tlp import LEVELS
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.reports.shape import ReportTable, Rows

_PARAMETERS = (
    "phase = {phase:String}, known_at = {known_at:DateTime64(3, 'UTC')}, up_to = {up_to:String}, "
    "with_leave = {with_leave:Bool}, simulated = {simulated:Bool}"
)
_CASES = f"counted_cases({_PARAMETERS.removeprefix('phase = {phase:String}, ')})"


class Scope(NamedTuple):
    """Which cases count in a briefing."""

    phase: str
    """Code of the phase; empty: cases that count for no operation."""
    known_at: datetime
    """The cut-off."""
    up_to: str = "TLP:AMBER"
    """The strictest marking of a case that counts."""
    with_leave: bool = False
    simulated: bool = False
    since: datetime | None = None
    """The cut-off of the last edition."""

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of the views."""
        given = {**self._asdict(), "known_at": _text(self.known_at)}
        return {**given, "since": _text(self.since)} if self.since else {name: one for name, one in given.items() if name != "since"}


class Account(NamedTuple):
    """How many cases count, and why others do not."""

    cases: int
    above: int
    """Their marking is stricter than ``up_to``, or their senders have not given leave."""
    other: int
    """Made up, where real cases are asked for; real, where simulated ones are."""
    level: str
    """The strictest marking of those that count."""


def account(database: Database, scope: Scope) -> Account:
    """Count the cases of a phase."""
    counts, level = f"SELECT count() FROM {_CASES} WHERE phase = {{phase:String}}", "indexOf({levels:Array(String)}, toString(tlp))"
    widest = scope._replace(up_to=LEVELS[-1], with_leave=True)
    found: list[int] = [
        database.value(counts, **asked.parameters) for asked in (scope, widest, widest._replace(simulated=not scope.simulated))
    ]
    asked = f"SELECT max({level}) FROM {_CASES} WHERE phase = {{phase:String}}"
    strictest = database.value(asked, **scope.parameters, levels=list(LEVELS))
    return Account(found[0], found[1] - found[0], found[2], LEVELS[max(strictest, 1) - 1] if found[0] else scope.up_to)


def complete_up_to(database: Database) -> datetime | None:
    """Until when ClickHouse surely has all messages: the oldest of the newest ticks of the partitions. None: not known."""
    newest = "SELECT max(received_at) AS newest FROM journal WHERE kind = 'tick' GROUP BY _partition"
    found: datetime | None = database.value(f"SELECT minOrNull(newest) FROM ({newest})")
    return found


def read(database: Database, table: ReportTable, scope: Scope) -> Rows:
    """The rows of one table, in its order; nothing for one that compares with an edition when the scope names none."""
    if table.view is None or (table.needs_since and scope.since is None):
        return ()
    since = ", since = {since:DateTime64(3, 'UTC')}" if table.needs_since else ""
    columns = ", ".join(f"`{column.name}`" for column in table.view.shown)
    asked = f"SELECT {columns} FROM {table.view.name}({_PARAMETERS}{since}) ORDER BY {', '.join(table.order)}"
    answer = database.query(asked, **scope.parameters)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def read_all(database: Database, tables: Mapping[str, ReportTable], scope: Scope) -> dict[str, Rows]:
    """The rows of every table that reads a view."""
    return {name: read(database, table, scope) for name, table in tables.items()}


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
