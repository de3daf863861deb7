"""Whatever is killed, stopped or cut off, and whenever: each record is in ClickHouse exactly once."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from mekong.schemas.errors import Retriable
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse import client
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.native import block
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.table import insert
from mekong.sinks.clickhouse.tables import counts

VALUE = b'{"agency":"VN-CUSTOMS","window":"7d","as_of":"2026-05-03T00:00:00.000Z","tick_offset":1,"cases":1,"lines":1,"mass_mg":1}'
SOURCE = Source("counts.v1", 0)
SINK = """
import dataclasses, logging, sys, threading
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.process import fill
from mekong.sinks.clickhouse.tables import counts

logging.basicConfig(level=logging.INFO)
table = dataclasses.replace(counts.TABLE, topic=counts.TABLE.topic._replace(name=sys.argv[1]))
fill(Settings(), table, threading.Event())
"""


def batch(first: int, end: int, source: Source = SOURCE) -> Batch:
    return Batch(source, first - 1, list(range(first, end)), [0] * (end - first), [VALUE] * (end - first))


LARGE = batch(0, 20_000)
HALF = 1_000_000


def ready(database_url: str, within_s: float = 60) -> Database:
    deadline = time.monotonic() + within_s
    while True:
        try:
            migrate(database_url)
        except Retriable:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return Database(database_url)


def in_store(database: Database) -> tuple[int, int]:
    """Rows, counted raw, and different offsets."""
    rows = database.query("SELECT count(), uniqExact(_topic, _partition, _offset) FROM counts").rows
    return int(rows[0][0]), int(rows[0][1])


def write_until_stored(sink: ClickHouseSink, first: int, end: int) -> None:
    """What the runner does: go on behind the position whenever the fate of a write is not known."""
    while first < end:
        try:
            sink.write([batch(first, end)])
        except Retriable:
            try:
                first = sink.positions([SOURCE])[SOURCE] + 1
            except Retriable:
                time.sleep(0.05)
        else:
            return


def test_the_same_batch_again_adds_nothing(fresh_database):
    sink = ClickHouseSink(ready(fresh_database), counts.TABLE)
    sink.write([batch(0, 10)])
    with pytest.raises(Retriable, match="was not where"):
        sink.write([batch(0, 10)])
    assert in_store(Database(fresh_database)) == (10, 10)


def test_an_overlapping_batch_adds_only_what_is_missing(fresh_database):
    sink = ClickHouseSink(ready(fresh_database), counts.TABLE)
    sink.write([batch(0, 10)])
    with pytest.raises(Retriable):
        sink.write([batch(0, 15)])
    assert in_store(Database(fresh_database)) == (15, 15)


def test_a_batch_behind_a_gap_adds_nothing(fresh_database):
    sink = ClickHouseSink(ready(fresh_database), counts.TABLE)
    sink.write([batch(0, 10)])
    with pytest.raises(Retriable):
        sink.write([batch(11, 20)])
    assert sink.positions([SOURCE]) == {SOURCE: 9}


def test_rows_that_were_lost_are_noticed_by_the_next_batch(fresh_database):
    database = ready(fresh_database)
    sink = ClickHouseSink(database, counts.TABLE)
    sink.write([batch(0, 10)])
    database.command("TRUNCATE TABLE counts")
    with pytest.raises(Retriable):
        sink.write([batch(10, 20)])
    assert sink.positions([SOURCE]) == {SOURCE: -1}


def test_many_who_write_the_same_at_once_store_it_once(fresh_database):
    database = ready(fresh_database)
    sinks = [ClickHouseSink(Database(fresh_database), counts.TABLE) for _ in range(4)]

    def write_all(sink: ClickHouseSink, seed: int) -> None:
        rng, first = random.Random(seed), 0
        while first < 300:
            end = min(first + rng.randint(1, 40), 300)
            write_until_stored(sink, first, end)
            first = end

    threads = [threading.Thread(target=write_all, args=(sink, seed)) for seed, sink in enumerate(sinks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert in_store(database) == (300, 300)


def test_a_sender_that_stopped_inside_a_block_holds_the_others_up_for_a_while_and_its_late_rest_adds_nothing(fresh_database):
    database = ready(fresh_database)
    sink = ClickHouseSink(database, counts.TABLE)
    hanging = half_sent(fresh_database, sink)
    with pytest.raises(Retriable, match="the same insert still runs"):
        sink.write([batch(0, 10)])
    began = time.monotonic()
    assert sink.positions([SOURCE]) == {SOURCE: -1}
    assert time.monotonic() - began < 45
    sink.write([batch(0, 10)])
    hanging.settimeout(20)
    with suppress(OSError):
        hanging.sendall(block([LARGE])[HALF:])
        hanging.recv(10_000)
    assert in_store(database) == (10, 10)


def half_sent(url: str, sink: ClickHouseSink) -> socket.socket:
    """An insert of offsets 0 to 19,999 whose block stops in the middle, taken up by the server (which first reads 256 KB)."""
    at = urlsplit(url)
    body = block([LARGE])
    settings = {**client.INSERT_SETTINGS, "query_id": sink._query_id, "database": at.path.strip("/")}
    query = urlencode({"query": insert(counts.TABLE, [LARGE]), **settings})
    head = f"POST /?{query} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: {at.username}\r\nX-ClickHouse-Key: {at.password}\r\n"
    sock = socket.create_connection((at.hostname, at.port))
    sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:HALF])
    observer = Database(url)
    while not observer.value("SELECT count() FROM system.processes WHERE query_id = {query_id:String}", query_id=sink._query_id):
        time.sleep(0.02)
    return sock


class Cutter:
    """A TCP proxy that closes connections in the middle of what they carry, a given share of them."""

    def __init__(self, port: int, seed: int) -> None:
        self._to, self._rng = port, random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cuts = 0
        self.share = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, upwards: bool) -> None:
        """Requests are cut before, inside or after their body; answers are cut before they arrive."""
        with suppress(OSError):
            while data := source.recv(4_096):
                if self._rng.random() < self.share * (0.5 if upwards else 1):
                    target.sendall(data[: self._rng.randrange(len(data))] if upwards else b"")
                    self.cuts += 1
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def test_connections_cut_in_the_middle_of_inserts_and_answers_lose_and_double_nothing(fresh_database):
    database = ready(fresh_database)
    at = urlsplit(fresh_database)
    cutter = Cutter(at.port, seed=7)
    sink = ClickHouseSink(Database(f"http://{at.username}:{at.password}@127.0.0.1:{cutter.port}{at.path}"), counts.TABLE)
    sink.positions([SOURCE])  # the client's first question has an answer of 100 pieces, which would hardly ever arrive whole
    cutter.share = 0.3
    for first in range(0, 2_000, 50):
        write_until_stored(sink, first, first + 50)
    cutter.close()
    assert cutter.cuts > 20
    assert in_store(database) == (2_000, 2_000)


@pytest.fixture
def topic(kafka: str, fresh_name: Callable[[str], str]) -> str:
    name = fresh_name("counts")
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, 3, 1)])
    admin.close()
    return name


def produce(kafka: str, topic: str, number: int) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka, linger_ms=5)
    for one in range(number):
        producer.send(topic, VALUE, partition=one % 3)
    producer.close()


def wait_for_rows(database: Database, number: int, within_s: float = 120) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            if database.value("SELECT uniqExact(_partition, _offset) FROM counts") >= number:
                return
        except Retriable:
            pass
        assert time.monotonic() < deadline, "the rows did not arrive"
        time.sleep(0.1)


class Crew:
    """Sinks as processes, to be killed and stopped."""

    def __init__(self, topic: str, kafka: str, url: str) -> None:
        self._topic, self._env = topic, {**os.environ, "MEKONG_KAFKA_BOOTSTRAP": kafka, "MEKONG_CLICKHOUSE_URL": url}
        self.members: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.members.append(subprocess.Popen([sys.executable, "-c", SINK, self._topic], env=self._env, stderr=subprocess.DEVNULL))

    def kill(self, which: int) -> None:
        self.members[which].kill()
        self.members.pop(which).wait()

    def revive(self) -> None:
        """What the supervisor does: those that ended are started again."""
        for number, member in enumerate(list(self.members)):
            if member.poll() is not None:
                self.members.pop(number)
                self.start()


@pytest.fixture
def crew() -> Iterator[Callable[[str, str, str], Crew]]:
    crews: list[Crew] = []

    def make(topic: str, kafka: str, url: str) -> Crew:
        crews.append(Crew(topic, kafka, url))
        return crews[-1]

    yield make
    for one in crews:
        for member in one.members:
            member.kill()
            member.wait()


def test_records_that_come_while_the_sink_runs_are_stored(topic, kafka, fresh_database, crew):
    database = ready(fresh_database)
    crew(topic, kafka, fresh_database).start()
    for _ in range(3):
        produce(kafka, topic, 50)
        time.sleep(0.5)
    wait_for_rows(database, 150)
    assert in_store(database) == (150, 150)


def test_a_topic_made_after_the_sink_is_picked_up(kafka, fresh_name, fresh_database, crew):
    database = ready(fresh_database)
    name = fresh_name("counts")
    crew(name, kafka, fresh_database).start()
    time.sleep(3)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, 3, 1)])
    admin.close()
    produce(kafka, name, 30)
    wait_for_rows(database, 30, within_s=60)


def test_a_sink_beside_another_that_was_stopped_and_wakes_up_doubles_nothing(topic, kafka, fresh_database, crew):
    database = ready(fresh_database)
    sinks = crew(topic, kafka, fresh_database)
    sinks.start()
    produce(kafka, topic, 3_000)
    wait_for_rows(database, 1)
    sinks.members[0].send_signal(signal.SIGSTOP)
    sinks.start()
    produce(kafka, topic, 3_000)
    wait_for_rows(database, 6_000)
    sinks.members[0].send_signal(signal.SIGCONT)
    produce(kafka, topic, 300)
    wait_for_rows(database, 6_300)
    time.sleep(2)
    assert in_store(database) == (6_300, 6_300)


@pytest.mark.timeout(280)
def test_kill_and_stop_of_sinks_and_server_at_random_moments_lose_and_double_nothing(topic, kafka, new_clickhouse, start_server, crew):
    server = start_server(new_clickhouse)
    database = ready(new_clickhouse.url)
    sinks = crew(topic, kafka, new_clickhouse.url)
    sinks.start()
    sinks.start()
    rng, records = random.Random(11), 20_000
    feeding = threading.Thread(target=feed, args=(kafka, topic, records))
    feeding.start()
    for _ in range(12):
        time.sleep(rng.uniform(0.3, 2.0))
        act = rng.choice(["kill sink", "kill server", "stop sink", "stop server"])
        sinks.revive()
        if act == "kill sink":
            sinks.kill(rng.randrange(2))
            sinks.start()
        elif act == "kill server":
            server.kill()
            server = start_server(new_clickhouse)
        elif act == "stop sink":
            pause(rng.choice(sinks.members).pid, rng.uniform(0.5, 4))
        else:
            pause(server.pid, rng.uniform(0.5, 3))
    feeding.join()
    assert committed(kafka, topic) == records
    deadline = time.monotonic() + 120
    while in_store_or_nothing(database)[1] < records:
        sinks.revive()
        assert time.monotonic() < deadline, in_store_or_nothing(database)
        time.sleep(0.5)
    time.sleep(1)
    assert in_store(database) == (records, records)


def pause(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)


def feed(kafka: str, topic: str, records: int) -> None:
    for _ in range(20):
        produce(kafka, topic, records // 20)
        time.sleep(0.5)


def committed(kafka: str, topic: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=kafka)
    ends = consumer.end_offsets([TopicPartition(topic, partition) for partition in range(3)])
    consumer.close()
    return sum(ends.values())


def in_store_or_nothing(database: Database) -> tuple[int, int]:
    try:
        return in_store(database)
    except Retriable:
        return 0, 0
