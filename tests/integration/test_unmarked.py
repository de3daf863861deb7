"""A transaction that a killed broker aborted without its markers: the lane that opens next gives it up for good."""

import asyncio
import signal

import kafka
import pytest
from aiokafka import TopicPartition
from aiokafka.conn import CloseReason
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ACL, ACLOperation, ACLPermissionType, KafkaAdminClient, NewTopic, ResourcePattern, ResourceType

from mekong.deploy.local import kafka as local
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.ports import free_port
from mekong.schemas.errors import Fatal
from mekong.schemas.topics import CASES, COUNTS, JOURNAL, lane_of
from mekong.streams import producer as producer_module
from mekong.streams import unmarked
from mekong.streams.lanes import Lane, Output, ReadPosition, Run, position_key
from mekong.streams.producer import Producer
from mekong.streams.unmarked import end_unmarked
from tests.fakes import Record
from tests.integration.committed import committed

SOURCE, STATE, OUT = TopicPartition("in.VN-CUSTOMS.v1", 0), TopicPartition(CASES.name, 0), TopicPartition(JOURNAL.name, 0)


def still_open(bootstrap):
    """Topics with records that are neither committed nor given up."""
    places, ends = [kafka.TopicPartition(place.topic, place.partition) for place in (OUT, STATE)], []
    for isolation in ("read_committed", "read_uncommitted"):
        reader = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level=isolation)
        ends.append(reader.end_offsets(places))
        reader.close()
    return [place.topic for place in places if ends[0][place] < ends[1][place]]


def fold(state, changes, source, records):
    changes[b"seen"] = records[-1].value
    return {(OUT.topic, 0): [Output(None, record.value) for record in records]}


def opener(bootstrap):
    return Producer(bootstrap_servers=bootstrap, transactional_id="lane-0", retry_backoff_ms=10, request_timeout_ms=15_000)


async def go_on(bootstrap):
    """Open the lane and let it do its work; where it stood in between."""
    lane = await Lane(0, STATE, "lane-0", {"bootstrap_servers": bootstrap}).open()
    stood = dict(lane.state), dict(lane.positions)
    await lane.transact([Run(lane, SOURCE, ReadPosition(0), None, 0, 0, 1, [Record(0, b"done again")])], fold)
    await lane.close()
    return stood


@pytest.fixture
def bootstrap(tmp_path, start_server, monkeypatch):
    """A broker that has left out the markers of a transaction in two partitions."""
    monkeypatch.setattr(local, "ABORT_EVERY_MS", 10_000)  # Kafka's own default: within it nothing has a leader yet
    server = Kafka(tmp_path / "kafka", free_port(), free_port())
    broker = start_server(server)
    admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
    admin.create_topics([NewTopic(OUT.topic, 1, 1), NewTopic(STATE.topic, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    admin.wait_for_topics([OUT.topic, STATE.topic])
    admin.close()
    before = KafkaProducer(bootstrap_servers=server.bootstrap, transactional_id="lane-0", transaction_timeout_ms=3_000)
    before.init_transactions()
    before.begin_transaction()
    before.send(OUT.topic, b"not marked").get(10)
    before.send(STATE.topic, key=b"seen", value=b"not marked").get(10)
    broker.send(signal.SIGKILL)
    start_server(server)
    before.close(timeout=0)
    assert still_open(server.bootstrap) == [OUT.topic, STATE.topic], "the broker left its markers out"
    return server.bootstrap


@pytest.mark.timeout(240)
def test_what_was_aborted_without_a_marker_is_not_made_visible_by_the_next_commit(bootstrap):
    assert asyncio.run(go_on(bootstrap)) == ({}, {})
    assert not still_open(bootstrap)
    assert [record.value for record in committed(bootstrap, OUT.topic)] == [b"done again"]


@pytest.mark.timeout(240)
def test_what_was_committed_without_a_marker_is_committed(bootstrap, monkeypatch):
    async def yes(*_):
        return True

    monkeypatch.setattr(producer_module, "was_committed", yes)  # Kafka leaves those of a commit out once in some hundred kills
    assert asyncio.run(go_on(bootstrap)) == ({b"seen": b"not marked"}, {})
    assert not still_open(bootstrap)
    assert [record.value for record in committed(bootstrap, OUT.topic)] == [b"not marked", b"done again"]


async def decided(bootstrap, ends):
    """What the coordinator says of one that was left so, before it is opened again."""
    before = opener(bootstrap)
    await before.start()
    await before.begin_transaction()
    await before.send_and_wait(OUT.topic, b"something", partition=0)
    await ends(before)
    after = opener(bootstrap)
    await after.start()
    await before.close()
    await after.close()
    return after.after_a_commit


async def nothing(_):
    """It is left open."""


def test_how_the_last_transaction_was_decided_is_asked_of_its_coordinator_before_it_forgets(new_kafka, start_server):
    start_server(new_kafka)
    admin = KafkaAdminClient(bootstrap_servers=new_kafka.bootstrap)
    admin.create_topics([NewTopic(OUT.topic, 1, 1)])
    admin.wait_for_topics([OUT.topic])
    admin.close()
    ends = [Producer.commit_transaction, Producer.abort_transaction, Producer.commit_transaction, nothing]
    assert [asyncio.run(decided(new_kafka.bootstrap, end)) for end in ends] == [True, False, True, False]


UNVERIFIED = """
transaction.partition.verification.enable=false
"""


async def committed_in_part(bootstrap, producer):
    """As when the broker has no leader for OUT just then: its marker is left out, for the coordinator does not know of it."""
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(STATE.topic, b"1", key=b"seen", partition=0)
    producer._txn_manager._txn_partitions.add(OUT)
    await producer.send_and_wait(OUT.topic, b"not marked", partition=0)
    await producer.commit_transaction()
    assert await asyncio.to_thread(still_open, bootstrap) == [OUT.topic]


async def cut_off(bootstrap):
    """Loses its connections, and goes on in another partition."""
    producer = opener(bootstrap)
    await committed_in_part(bootstrap, producer)
    for connection in list(producer.client._conns.values()):
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
    await producer.begin_transaction()
    await producer.send_and_wait(STATE.topic, b"2", key=b"seen", partition=0)
    await producer.abort_transaction()
    await producer.close()


def test_a_lane_that_lost_a_broker_marks_anew_what_it_was_told_is_committed(new_kafka, start_server, monkeypatch):
    monkeypatch.setattr(local, "PROPERTIES", local.PROPERTIES + UNVERIFIED)
    start_server(new_kafka)
    admin = KafkaAdminClient(bootstrap_servers=new_kafka.bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1) for topic in (OUT.topic, STATE.topic)])
    admin.wait_for_topics([OUT.topic, STATE.topic])
    admin.close()
    asyncio.run(cut_off(new_kafka.bootstrap))
    assert not still_open(new_kafka.bootstrap)
    assert [record.value for record in committed(new_kafka.bootstrap, OUT.topic)] == [b"not marked"]
    assert [record.value for record in committed(new_kafka.bootstrap, STATE.topic)] == [b"1"]


def give_up_a_transaction(deployment, source, position):
    """As of a lane that was told of its commit and told the group, before the broker gave it up."""
    lane, place = lane_of(source.topic), kafka.TopicPartition(source.topic, source.partition)
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, transactional_id=f"intake-{lane}")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(CASES.name, key=position_key(source), value=b"%d" % position, partition=lane).get(10)
    producer.abort_transaction()
    producer.close()
    group = KafkaConsumer(bootstrap_servers=deployment.bootstrap, group_id="intake", enable_auto_commit=False)
    group.commit({place: kafka.OffsetAndMetadata(position, "", -1)})
    group.close(autocommit=False)


@pytest.mark.timeout(240)
def test_a_worker_whose_commit_was_given_up_after_all_does_it_again_by_itself(deployment):
    deployment.register("VN-CUSTOMS")
    worker = deployment.mekong("worker", "intake")
    deployment.send("VN-CUSTOMS", [b"one", b"two"])
    deployment.receipts("VN-CUSTOMS", 2)
    worker.stop()
    deployment.send("VN-CUSTOMS", [b"three", b"four"])
    sent = [record.offset for record in deployment.read(SOURCE.topic)][-4:]
    give_up_a_transaction(deployment, SOURCE, sent[-1] + 1)
    for times in (1, 2):
        worker = deployment.mekong("worker", "intake")
        deployment.wait_until(lambda worker=worker: "intake ready" in worker.log.read_text(), f"it starts, time {times}")
        deployment.receipts("VN-CUSTOMS", 4)
        worker.stop()
    assert [one["source_offset"] for one in deployment.receipts("VN-CUSTOMS")] == sent


RIGHTS = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
OURS, NOT_OURS_TO_WRITE, FOREIGN = JOURNAL.name, COUNTS.name, "orders-of-another-house"


def begun(bootstrap, topic, number):
    """A transaction of somebody else that stays open in a topic."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"other-{number}", transaction_timeout_ms=60_000)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"under way").get(10)
    return producer


def ends_of(bootstrap, topics):
    reader = KafkaConsumer(bootstrap_servers=bootstrap)
    places = [kafka.TopicPartition(topic, 0) for topic in topics]
    found = {place.topic: end for place, end in reader.end_offsets(places).items()}
    reader.close()
    return found


async def opened(bootstrap, state):
    """Give up what is open, by a producer that may not write everywhere."""
    producer = opener(bootstrap)
    await producer.start()
    await end_unmarked(producer, state)
    await producer.stop()


@pytest.mark.timeout(240)
def test_topics_of_others_are_left_alone_and_one_that_may_not_be_written_to_stops_nobody(tmp_path, start_server, monkeypatch):
    monkeypatch.setattr(local, "PROPERTIES", local.PROPERTIES + RIGHTS)
    server = Kafka(tmp_path / "kafka", free_port(), free_port())
    start_server(server)
    topics = [OURS, NOT_OURS_TO_WRITE, FOREIGN]
    admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1) for topic in topics])
    admin.wait_for_topics(topics)
    others = [begun(server.bootstrap, topic, number) for number, topic in enumerate(topics)]
    resource = ResourcePattern(ResourceType.TOPIC, NOT_OURS_TO_WRITE)
    admin.create_acls([ACL("User:ANONYMOUS", "*", ACLOperation.DESCRIBE, ACLPermissionType.ALLOW, resource)])  # and so nothing else
    before = ends_of(server.bootstrap, topics)
    monkeypatch.setattr(unmarked, "LOOKS", 1)
    with pytest.raises(Fatal, match="a transaction is open that its writer cannot end"):  # it is another's, so it stays
        asyncio.run(opened(server.bootstrap, TopicPartition(OURS, 0)))
    after = ends_of(server.bootstrap, topics)
    assert after[OURS] > before[OURS], "ours was tried"
    assert {topic: after[topic] for topic in topics[1:]} == {topic: before[topic] for topic in topics[1:]}
    for other in others:
        other.close(timeout=0)
    admin.close()
