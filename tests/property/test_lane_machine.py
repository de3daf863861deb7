"""A lane in any order of commits, silence, late arrivals, kills and new owners: what is in the log is the fold of what its position says.

Lane is the real one; its producer writes to a transactional log in memory (lane_log.py). An end that is late arrives at any later time,
also between two batches of another transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mekong.streams.lanes import Changes, Lane, Output, Outputs, ReadPosition, Run, State
from tests.amount import examples
from tests.property.lane_log import ENDS, Log, Producer, Record, nothing_unmarked, stored

SOURCES = [TopicPartition("in.VN-CUSTOMS.v1", 0), TopicPartition("in.LA-CUSTOMS.v1", 0)]
STATE, OUT = TopicPartition("cases.v1", 0), ("journal.v1", 0)
WORKERS = (0, 1)


def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Record]) -> Outputs:
    """How many records the source had so far, for each record."""
    key = source.topic.encode()
    found = int(changes.get(key) or state.get(key, b"0"))
    rows = [Output(key, b"%d: number %d" % (record.offset, found + number)) for number, record in enumerate(records, 1)]
    changes[key] = b"%d" % (found + len(records))
    return {OUT: rows}


class Laned(RuleBasedStateMachine):
    """One lane, and two workers that may both believe that it is theirs."""

    log_of = Log

    @initialize()
    def start(self) -> None:
        self._runner = asyncio.Runner()
        self._patches = [
            patch("mekong.streams.lanes.Producer", Producer),
            patch("mekong.streams.lanes.stored", stored),
            patch("mekong.streams.lanes.end_unmarked", nothing_unmarked),
        ]
        for one in self._patches:
            one.start()
        self.log = self.log_of()
        self.sources: dict[TopicPartition, list[int]] = {source: [] for source in SOURCES}
        self.lanes: dict[int, Lane] = {}

    @rule(source=st.sampled_from(SOURCES), gaps=st.lists(st.integers(1, 2), min_size=1, max_size=4))
    def records_come(self, source: TopicPartition, gaps: list[int]) -> None:
        for gap in gaps:
            self.sources[source].append((self.sources[source] or [-1])[-1] + gap)

    @rule(worker=st.sampled_from(WORKERS))
    def open(self, worker: int) -> None:
        """At first, after a kill, or again."""
        self.lanes[worker] = self._runner.run(Lane(0, STATE, "lane-0", {"log": self.log}).open())

    @precondition(lambda self: self.lanes)
    @rule(
        worker=st.sampled_from(WORKERS),
        many=st.integers(1, 5),
        twice=st.integers(0, 2),
        how=st.sampled_from(ENDS),
        amid=st.none() | st.integers(0, 3),
    )
    def run(self, worker: int, many: int, twice: int, how: str, amid: int | None) -> None:
        """One transaction, over up to ``many`` records of each source; ``twice`` of them were read before."""
        lane = self.lanes.get(worker)
        if lane is None:
            return
        self.log.next, self.log.amid = how, amid
        runs = [run for source in SOURCES if (run := self._run_of(lane, source, many, twice))]
        try:
            self._runner.run(lane.transact(runs, fold))
        except KafkaError:
            del self.lanes[worker]  # it ends itself
        self.log.next, self.log.amid = "answered", None

    def _run_of(self, lane: Lane, source: TopicPartition, many: int, twice: int) -> Run | None:
        position = lane.positions.get(source, 0)
        before = [offset for offset in self.sources[source] if offset < position]
        offsets = [*before[len(before) - twice :], *[offset for offset in self.sources[source] if offset >= position][:many]]
        if not offsets or offsets[-1] < position:
            return None
        records = [Record(offset) for offset in offsets]
        return Run(lane, source, ReadPosition(offsets[0]), None, offsets[0], offsets[-1], len(records), records)

    @precondition(lambda self: self.log.late)
    @rule(data=st.data())
    def a_late_end_arrives(self, data: st.DataObject) -> None:
        self.log.arrives(self.log.late.pop(data.draw(st.integers(0, len(self.log.late) - 1))))

    @rule(worker=st.sampled_from(WORKERS))
    def kill(self, worker: int) -> None:
        self.lanes.pop(worker, None)

    @invariant()
    def the_log_is_the_fold_of_what_its_position_says(self) -> None:
        lane = Lane(0, STATE, "lane-0", {})
        lane.restore(self.log.committed[STATE])
        for source, offsets in self.sources.items():
            key = source.topic.encode()
            done = [offset for offset in offsets if offset < lane.positions.get(source, 0)]
            entries = [one.value for one in self.log.committed[OUT] if one.key == key]
            assert entries == [b"%d: number %d" % (offset, number) for number, offset in enumerate(done, 1)]
            assert int(lane.state.get(key, b"0")) == len(done)

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        try:
            while self.log.late:
                self.log.arrives(self.log.late.pop())
            self.open(0)
            self.run(0, many=1_000, twice=0, how="answered", amid=None)
            self.the_log_is_the_fold_of_what_its_position_says()
            assert len(self.log.committed[OUT]) == sum(map(len, self.sources.values()))
        finally:
            for one in self._patches:
                one.stop()
            self._runner.close()


Laned.TestCase.settings = settings(max_examples=examples(80), stateful_step_count=30, deadline=None)
TestLaned = Laned.TestCase


class AskingLog(Log):
    asks_again = True


class Asking(Laned):
    """With a client that asks again in the same epoch."""

    log_of = AskingLog


@pytest.mark.parametrize(("kind", "holds"), [(Laned, True), (Asking, False)])
def test_an_end_that_arrives_amid_the_next_transaction_breaks_only_a_client_that_asked_again_in_the_same_epoch(kind, holds):
    machine = kind()
    machine.start()
    machine.records_come(SOURCES[0], [1, 1, 1, 1, 1])
    machine.open(0)
    machine.run(0, many=1, twice=0, how="late, no answer", amid=None)
    if holds:
        machine.open(0)
    machine.run(0, many=4, twice=0, how="answered", amid=1)
    if holds:
        machine.teardown()
    else:
        with pytest.raises(AssertionError):
            machine.teardown()
