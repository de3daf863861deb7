"""Asks ClickHouse for what the live page shows, one question at a time and however many pages are open, while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database, RowsRefused
from mekong.sinks.console import queries
from mekong.sinks.console.board import Board
from mekong.sinks.console.values import Pipeline

EVERY_S = 1.5
"""The shortest time between the beginnings of two rounds."""
_SHARE = 4
"""A round that took n seconds is followed by a pause of n times this: the page takes a fifth of one core of ClickHouse at most."""
_MOST_PAUSE_S = 30.0
_AGAIN_S = 3.0
ANSWER_WITHIN_S = 6
"""A little longer than the limit that each question has in ClickHouse."""
_ANSWERS_AGAIN = 100
"""Offsets that are read again: an answer may be there before the notification that it is about."""
LOOKS_EVERY_S = 20.0
"""The time between two looks at the pipeline."""


def ask(settings: Settings, board: Board) -> None:
    """Ask while somebody looks, until the board is closed."""
    database: Database | None = None
    while board.wait_until_watched():
        began = time.monotonic()
        try:
            database = database or Database(settings.clickhouse(), within_s=ANSWER_WITHIN_S)
            _round(settings, database, board)
        except (Retriable, Fatal, RowsRefused) as exc:
            board.failed("clickhouse", str(exc))
            _close(database)
            database = None
            board.pause(_rest(_AGAIN_S, time.monotonic() - began))
            continue
        took = time.monotonic() - began
        board.pause(_rest(EVERY_S - took, took))
    _close(database)


def _rest(least: float, took: float) -> float:
    """How long to ask nothing after a round, also after one that failed: a server that is slow gets the longer a rest."""
    return min(max(least, took * _SHARE), _MOST_PAUSE_S)


def _close(database: Database | None) -> None:
    if database is not None:
        database.close()


def _round(settings: Settings, database: Database, board: Board) -> None:
    """What is quick to ask comes first."""
    board.put("clickhouse", hour=queries.hour(database.query(queries.HOUR).rows))
    now, is_replay = datetime.now(UTC), not settings.clock_is_on()
    if is_replay:
        last: datetime = database.value(queries.LAST_TICK)
        now, is_replay = (last, True) if last.timestamp() > 0 else (now, False)
    given = {"now": now.replace(microsecond=0)}
    answers = queries.answers(database.query(queries.ANSWERS, after=board.shown.read_to - _ANSWERS_AGAIN).rows)
    board.hear(answers)
    board.put("clickhouse", read_to=max(answers, default=board.shown.read_to))
    board.put("clickhouse", alerts=queries.alerts(database.query(queries.ALERTS, **given).rows))
    names, counts = database.query(queries.AGENCIES).rows, database.query(queries.COUNTS, **given).rows
    board.put("clickhouse", agencies=queries.agencies(names, counts, _minute(now), is_replay=is_replay))
    seized, routes = database.query(queries.SEIZED, **given).rows, database.query(queries.ROUTES, **given).rows
    board.put("clickhouse", places=queries.places(seized, routes))


def _minute(at: datetime) -> datetime:
    """To the minute: a page that shows seconds would change all the time."""
    return at.replace(second=0, microsecond=0)


def look_on(look: Callable[[], Pipeline], board: Board) -> None:
    """Look at the pipeline while somebody looks at the page, until the board is closed. ``look`` raises nothing of a server's."""
    while board.wait_until_watched():
        board.put_pipeline(look())
        board.pause(LOOKS_EVERY_S)
