"""``mekong sink clickhouse``: a thread for each table, each with its own consumer and connection; one that fails ends them all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event

from schemas.settings import Settings
from sinks.clickhouse.client import Database
from sinks.clickhouse.sink import ClickHouseSink
from sinks.clickhouse.table import Table
from sinks.clickhouse.tables import TABLES
from sinks.reader import consumer
from sinks.runner import Runner

log = logging.getLogger(__name__)


def run(settings: Settings, stop: Event, tables: Sequence[Table] = TABLES) -> None:
    """Fill ``tables`` from their topics until ``stop`` is set. Raises Fatal."""
    with ThreadPoolExecutor(len(tables)) as pool:
        runs = [pool.submit(fill, settings, table, stop) for table in tables]
        log.info("sink ready: %s", ", ".join(table.name for table in tables))
        wait(runs, return_when=FIRST_EXCEPTION)
        stop.set()
    for done in runs:
        done.result()


def fill(settings: Settings, table: Table, stop: Event) -> None:
    """Fill one table until ``stop`` is set. Raises Fatal."""
    database = Database(settings.clickhouse())
    try:
        Runner(consumer(settings, group(settings, table)), table.pattern, ClickHouseSink(database, table), stop).run()
    finally:
        database.close()


def group(settings: Settings, table: Table) -> str:
    """The consumer group that shares out a table's partitions, one for each database."""
    return f"sink-clickhouse-{Database(settings.clickhouse()).name}-{table.name}"
