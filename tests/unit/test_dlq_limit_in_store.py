"""The limit of dead letters over restarts, with a store in memory."""

from __future__ import annotations

import pytest

from mekong.schemas.errors import Fatal
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Answer, RowsRefused
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables import TABLES

SOURCE = Source("journal.v1", 0)


class Store:
    """Refuses the offsets that are bad, and remembers what it took."""

    name = "x"

    def __init__(self, bad):
        self.bad, self.dead, self.good, self.asked = bad, [], [], 0

    def insert(self, statement, block, query_id):
        offsets = self.batch
        if statement.startswith("INSERT INTO dead_letters"):
            self.dead += offsets
        elif self.bad & set(offsets):
            raise RowsRefused(117, "a column that the new deploy reads wrongly")
        else:
            self.good += offsets
        return len(offsets)

    def query(self, statement):
        self.asked += 1
        if statement.startswith("SELECT DISTINCT"):
            return Answer((), [SOURCE] if self.dead else [])
        return Answer((), [(int(offset in self.dead),) for offset in sorted([*self.good, *self.dead], reverse=True)])


def run(store, end, monkeypatch):
    """One process: from the store's position until the end, or until it ends itself."""
    monkeypatch.setattr("mekong.sinks.clickhouse.sink.block", lambda batches: setattr(store, "batch", batches[0].offsets) or b"")
    first = max([*store.good, *store.dead], default=-1) + 1
    offsets = list(range(first, end))
    sink = ClickHouseSink(store, TABLES[0])
    if offsets:
        sink.write([Batch(SOURCE, first - 1, offsets, [0] * len(offsets), [b""] * len(offsets))])


def test_restarts_put_no_more_aside_than_one_process_may(monkeypatch):
    store = Store(set(range(2_000)))
    for _ in range(20):
        with pytest.raises(Fatal, match="100 records in a row"):
            run(store, 2_000, monkeypatch)
    assert len(store.dead) == 99


def test_the_share_of_the_latest_is_remembered_too(monkeypatch):
    store = Store(set(range(2_000, 8_000, 3)))
    for _ in range(20):
        with pytest.raises(Fatal, match="of the latest"):
            run(store, 8_000, monkeypatch)
    assert len(store.dead) == 100


def test_a_store_that_refuses_nothing_is_not_asked(monkeypatch):
    store = Store(set())
    run(store, 100, monkeypatch)
    assert (store.asked, len(store.good)) == (0, 100)
