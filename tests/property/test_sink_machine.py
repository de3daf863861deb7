"""The sink in any order of answers, silence, late arrivals, kills and rebalances: a row for each record, once, in order.

Runner and sink are the real ones; the log, the group and the store are in memory. The store does an insert and answers, does it and says
nothing, does nothing and says nothing, or does it when the next one has long begun.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kafka import TopicPartition

import mekong.sinks.clickhouse.sink
from mekong.schemas.errors import Fatal, Retriable
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import RowsRefused
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables import TABLES
from mekong.sinks.runner import Runner
from mekong.sinks.waiting import Limits
from tests.amount import examples
from tests.property.sink_edge import ODD, Dead, Reader, Record, Store

TABLE = TABLES[0]
TOPIC = TABLE.topic.of("VN-CUSTOMS") if TABLE.topic.per_agency else TABLE.topic.name
PARTITIONS = [TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)]
ENDS = ("answers", "done, no answer", "not done, no answer", "late, no answer")


class AtOnce:
    """The thread that writes, without a thread."""

    def submit(self, work: Callable[..., None], *given: object) -> Future[None]:
        done = Future[None]()
        try:
            done.set_result(work(*given))
        except (Retriable, Fatal) as exc:
            done.set_exception(exc)
        return done


class NoWait(Event):
    """A stop that is not set. Nothing waits for it, because no time passes here."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Process:
    """A sink's process."""

    def __init__(self, store: Store, logs: dict[TopicPartition, list[Record]]) -> None:
        self.reader = Reader(logs)
        sink = ClickHouseSink(store, TABLE)  # type: ignore[arg-type]
        self.runner = Runner(self.reader, TABLE.pattern, sink, NoWait(), Limits(rows=4, linger_s=0.0, linger_most_s=0.0))
        self.runner._writer = AtOnce()  # type: ignore[assignment]
        self.runner._find_topics()

    def step(self) -> None:
        self.runner._step()


class Sink(RuleBasedStateMachine):
    """Two processes of one group. The group may give a partition to one before it has told the other."""

    @initialize()
    def start(self) -> None:
        self._patches = [
            patch.object(mekong.sinks.clickhouse.sink, "insert", lambda _, batches: list(batches)),
            patch.object(mekong.sinks.clickhouse.sink, "insert_dead", lambda _, batches, *__: Dead(batches)),
            patch.object(mekong.sinks.clickhouse.sink, "block", list),
        ]
        for one in self._patches:
            one.start()
        self.logs: dict[TopicPartition, list[Record]] = {tp: [] for tp in PARTITIONS}
        self.store = Store()
        self.store.insert = self._insert  # type: ignore[method-assign]
        self.processes = [self._process(), self._process()]
        for tp in PARTITIONS:
            self.processes[tp.partition].reader.give(tp)

    def _insert(self, batches: list[Batch], block: list[Batch], query_id: str) -> int:
        return self.store.append(batches, dead=True) if isinstance(batches, Dead) else Store.insert(self.store, batches, block, query_id)

    def _process(self) -> Process:
        return Process(self.store, self.logs)

    @rule(tp=st.sampled_from(PARTITIONS), gaps=st.lists(st.integers(1, 2), min_size=1, max_size=6), odd=st.integers(0, 20))
    def records_come(self, tp: TopicPartition, gaps: list[int], odd: int) -> None:
        """Offsets have gaps, where transactions end."""
        for number, gap in enumerate(gaps):
            offset = (self.logs[tp][-1].offset if self.logs[tp] else -1) + gap
            self.logs[tp].append(Record(offset, ODD if number == odd else b"x"))

    @rule(how=st.sampled_from(ENDS))
    def the_next_insert(self, how: str) -> None:
        self.store.next = how

    @rule(index=st.integers(0, 1), steps=st.integers(1, 4))
    def run(self, index: int, steps: int) -> None:
        for _ in range(steps):
            self.processes[index].step()

    @precondition(lambda self: self.store.late)
    @rule(data=st.data())
    def a_late_insert_arrives(self, data: st.DataObject) -> None:
        batches = self.store.late.pop(data.draw(st.integers(0, len(self.store.late) - 1)))
        try:
            self.store.append(batches)
        except RowsRefused:
            return  # nobody hears of it

    @rule(index=st.integers(0, 1))
    def kill(self, index: int) -> None:
        """Whatever it was doing; another starts in its place and is given the same."""
        mine = self.processes[index].reader.mine
        self.processes[index] = self._process()
        for tp in sorted(mine):
            self.processes[index].reader.give(tp)

    @rule(tp=st.sampled_from(PARTITIONS), to=st.integers(0, 1), is_told=st.booleans())
    def rebalance(self, tp: TopicPartition, to: int, *, is_told: bool) -> None:
        old, new = self.processes[1 - to].reader, self.processes[to].reader
        if is_told and tp in old.mine:
            old.take(tp)
        if tp not in new.mine:
            new.give(tp)

    @invariant()
    def each_record_is_a_row_once_in_order(self) -> None:
        for tp in PARTITIONS:
            rows = self.store.rows[Source(*tp)]
            assert rows == [one.offset for one in self.logs[tp]][: len(rows)]

    def teardown(self) -> None:
        if not hasattr(self, "processes"):
            return
        try:
            self.store.next = "answers"
            last = self._process()
            for tp in PARTITIONS:
                last.reader.give(tp)
            for _ in range(5 + sum(map(len, self.logs.values()))):
                last.step()
            while self.store.late:
                self.a_late_insert_arrives_at_last()
            self.each_record_is_a_row_once_in_order()
            assert {tp: len(self.store.rows[Source(*tp)]) for tp in PARTITIONS} == {tp: len(self.logs[tp]) for tp in PARTITIONS}
        finally:
            for one in self._patches:
                one.stop()

    def a_late_insert_arrives_at_last(self) -> None:
        batches = self.store.late.pop()
        if not any(value == ODD for batch in batches for value in batch.values):
            assert not self.store.append(batches)


Sink.TestCase.settings = settings(max_examples=examples(80), stateful_step_count=30, deadline=None)
TestSink = Sink.TestCase
