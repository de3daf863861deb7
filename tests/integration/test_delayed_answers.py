"""The end of a transaction that is not answered and reaches Kafka late, half-way through the next one: nothing is doubled, nothing lost.

The figures in docs/decisions/0001-lanes-on-faust.md are this test's: 1,000 of 2,000 entries doubled where the end is asked for again.
"""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer.sender import EndTxnHandler
from kafka.admin import KafkaAdminClient, NewTopic

from mekong.deploy.local.ports import free_port
from mekong.schemas.errors import Fatal
from mekong.streams import lanes, producer
from mekong.streams.lanes import Lane, Output, ReadPosition, Run
from mekong.streams.worker_lanes import WorkerLanes
from tests.fakes import Record
from tests.integration.committed import committed
from tests.integration.frames import END_TXN, PRODUCE, Behind, Proxy

SOURCE, STATE, OUT = TopicPartition("in", 0), TopicPartition("state", 0), "out"
RECORDS, OF_A_RUN = 2_000, 1_000
HALF = 2  # of the requests that write a transaction


def fold(state, changes, source, records):
    """A journal entry for each record; and so much state that a run's is more than one batch."""
    changes |= {b"case/%d" % record.offset: bytes(1_500) for record in records}
    return {(OUT, 0): [Output(b"%d" % record.offset, b"an entry") for record in records]}


class Worker:
    """Holds lane 0, and gives it the source's records from its position on, in runs."""

    def __init__(self, bootstrap):
        self.held, self.bootstrap, self.crashes, self.done = WorkerLanes(self, "intake"), bootstrap, [], asyncio.Event()

    async def is_member(self):
        return True

    async def open_lane(self, number):
        return await Lane(number, STATE, "intake-0", {"bootstrap_servers": self.bootstrap}).open()

    async def enter(self, lane):
        place, at = ReadPosition(0), lane.positions.get(SOURCE, 0)
        for first in range(at, RECORDS, OF_A_RUN):
            records = [Record(offset) for offset in range(first, first + OF_A_RUN)]
            lane.put(Run(lane, SOURCE, place, None, first, first + OF_A_RUN - 1, 1, records), None)
        lane.task = asyncio.create_task(self._serve(lane))

    async def _serve(self, lane):
        async def served(_):
            if lane.positions[SOURCE] == RECORDS:
                self.done.set()

        try:
            await lane.serve(fold, served, lambda: 0.0)
        except (KafkaError, Fatal) as exc:
            await self.held.ended(lane, exc)

    def leave(self, lane):
        lane.drain()

    def ready(self): ...

    async def crash(self, exc):
        self.crashes.append(exc)
        self.done.set()

    async def work(self):
        """Until the position is behind the last record."""
        await self.held.take(frozenset({0}), is_kept=True)
        self.held.open_missing()
        async with asyncio.timeout(120):
            await self.done.wait()
        await self.held.close()


@pytest.fixture
def broker(tmp_path, start_server):
    """A broker whose clients can be sent through a proxy."""
    server = Behind(tmp_path / "kafka", free_port(), free_port(), inside=free_port(), outside=free_port())
    start_server(server)
    admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
    admin.create_topics([NewTopic(name, 1, 1) for name in ("in", OUT, "state")])
    admin.wait_for_topics(["in", OUT, "state"])
    admin.close()
    return server


async def worked(broker):
    """A worker's way through all records, the first end of a transaction held until the next one is half written."""
    proxy, worker, produced = Proxy(broker.inside), Worker(broker.proxied), []

    async def half_written():
        if proxy.held:
            produced.append(1)
            if len(produced) == HALF:
                await proxy.release()

    proxy.before[PRODUCE] = half_written
    await proxy.start(broker.outside)
    proxy.hold = END_TXN
    await worker.work()
    assert len(produced) == HALF, "what was held reached the broker half-way"
    return worker


def entries(broker):
    return sorted(int(record.key) for record in committed(broker.bootstrap, OUT))


@pytest.mark.timeout(180)
def test_an_end_of_a_transaction_that_reaches_kafka_in_the_next_one_doubles_nothing(broker, monkeypatch, caplog):
    monkeypatch.setattr(lanes, "REQUEST_TIMEOUT_MS", 3_000)
    worker = asyncio.run(worked(broker))
    assert entries(broker) == list(range(RECORDS))
    assert not worker.crashes
    again = "lane 0 of intake: Kafka did not say how a transaction ended: opening it again"
    assert [record.message for record in caplog.records if record.name == "mekong.streams.worker_lanes"].count(again) == 1


@pytest.mark.timeout(180)
def test_asking_for_the_end_again_would_double_entries(broker, monkeypatch):
    """What the mend is against: aiokafka's own way."""
    monkeypatch.setattr(lanes, "REQUEST_TIMEOUT_MS", 3_000)
    monkeypatch.setattr(producer._End, "do", EndTxnHandler.do)
    asyncio.run(worked(broker))
    found = entries(broker)
    assert len(found) > len(set(found)) == RECORDS
