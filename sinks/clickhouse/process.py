"""``mekong sink clickhouse``: runs a thread for each table, with its own consumer and connection. When one thread fails, all end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event

from mekong.schemas import measured, metrics
from mekong.schemas.condition import CONDITION
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.table import Table
from mekong.sinks.clickhouse.tables import TABLES
from mekong.sinks.reader import consumer
from mekong.sinks.runner import Runner

log = logging.getLogger(__name__)


def run(settings: Settings, stop: Event, tables: Sequence[Table] = TABLES) -> None:
    """Fill ``tables`` from their topics until ``stop`` is set. Raises Fatal."""
    for table in tables:
        measured.begin(table=table.name)
        measured.put(metrics.LAST_COMMIT, 0, stage=f"sink-{table.name}")
        CONDITION.report(table.name, f"The sink of {table.name} has not reached Kafka yet.")
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
        reader, sink = consumer(settings, group(settings, table)), ClickHouseSink(database, table)
        Runner(reader, table.pattern, sink, stop, name=table.name).run()
    finally:
        database.close()


def group(settings: Settings, table: Table) -> str:
    """The consumer group that shares out a table's partitions, one for each database."""
    return f"sink-clickhouse-{Database(settings.clickhouse()).name}-{table.name}"
