"""The loop between a consumer and a sink, with both replaced."""

from __future__ import annotations

import threading
import time

import pytest
from kafka import TopicPartition
from kafka.errors import IllegalStateError

from mekong.schemas import measured, metrics
from mekong.schemas.errors import Retriable
from mekong.sinks.base import NOTHING, Source
from mekong.sinks.runner import Runner
from mekong.sinks.waiting import Limits
from tests.fakes import Record

TP = TopicPartition("t", 0)
RECORDS = 9


class Reader:
    """A consumer of one partition that hands out three records a poll, from where it was sought."""

    def __init__(self):
        self.place, self.reads = 0, True

    def topics(self):
        return {"t"}

    def subscribe(self, topics, listener):
        listener.on_partitions_assigned([TP])

    def assignment(self):
        return {TP}

    def pause(self, *_):
        self.reads = False

    def resume(self, *_):
        self.reads = True

    def seek(self, tp, offset):
        self.place = offset

    def beginning_offsets(self, tps):
        return dict.fromkeys(tps, 0)

    def end_offsets(self, tps):
        return dict.fromkeys(tps, RECORDS)

    def highwater(self, _tp):
        return RECORDS

    def poll(self, timeout_ms):
        first, last = self.place, min(self.place + 3, RECORDS)
        if not self.reads or first == last:
            return {}
        self.place = last
        return {TP: [Record(offset) for offset in range(first, last)]}

    def commit_async(self, *_, **__):
        pass

    def close(self, **_):
        pass


class Sink:
    """A store that gives no answer to the first write, while more waits; ends the run when all is stored."""

    def __init__(self, stop):
        self.stored, self.writes, self.stop = [], [], stop

    def positions(self, sources):
        return dict.fromkeys(sources, self.stored[-1] if self.stored else NOTHING)

    def write(self, batches):
        self.writes.append(batches)
        if len(self.writes) == 1:
            time.sleep(0.3)
            raise Retriable("no answer", 0.0)
        self.stored += [offset for batch in batches for offset in batch.offsets]
        if len(self.stored) == RECORDS:
            self.stop.set()


def test_a_write_that_fails_while_more_waits_is_done_again_and_no_empty_one_in_its_place():
    stop = threading.Event()
    sink = Sink(stop)
    Runner(Reader(), "t", sink, stop, Limits(rows=2)).run()
    assert sink.stored == list(range(RECORDS))
    assert [] not in sink.writes


class Rebalanced(Reader):
    """One whose partition is taken while the runner asks where to begin, and given back in the next poll."""

    taken = given = False

    def subscribe(self, topics, listener):
        self.listener = listener
        super().subscribe(topics, listener)

    def end_offsets(self, tps):
        if not self.taken:
            self.taken = True
            self.listener.on_partitions_revoked([TP])
        return super().end_offsets(tps)

    def poll(self, timeout_ms):
        if self.taken and not self.given:
            self.given = True
            self.listener.on_partitions_assigned([TP])
        return super().poll(timeout_ms)


def test_a_partition_taken_and_given_back_while_its_place_is_asked_for_is_read():
    stop = threading.Event()
    sink = Sink(stop)
    late = threading.Timer(10, stop.set)
    late.start()
    Runner(Rebalanced(), "t", sink, stop).run()
    late.cancel()
    assert sink.stored == list(range(RECORDS))


class TimedOut(Sink):
    """A sink whose write ends with Python's own error of a timeout: a defect of it, not "not ready yet"."""

    def write(self, batches):
        raise TimeoutError("of the store")


def test_a_timeout_that_a_sink_lets_through_ends_the_process_and_does_not_look_like_a_write_under_way():
    stop = threading.Event()
    watchdog = threading.Timer(5, stop.set)
    watchdog.start()
    with pytest.raises(TimeoutError, match="of the store"):
        Runner(Reader(), "t", TimedOut(stop), stop, Limits(rows=2)).run()
    watchdog.cancel()


def test_the_lag_is_measured_without_a_partition_that_the_group_has_just_revoked():
    class Revoked(Reader):
        def highwater(self, tp):
            if tp.partition:
                raise IllegalStateError(tp)
            return RECORDS

    runner = Runner(Revoked(), "t", Sink(threading.Event()), threading.Event(), name="a-table")
    here, gone = Source("t", 0), Source("t", 1)
    runner._mine, runner._stored = {here, gone}, {here: 1, gone: 1}
    runner._measure()
    assert measured.REGISTRY.get_sample_value(metrics.LAG.name, {"stage": "sink-a-table", "topic": "t"}) == RECORDS - 2
