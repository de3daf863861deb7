"""Every private part of faust-streaming and aiokafka that streams/ leans on is there, and looks as it did."""

import inspect
from importlib.metadata import version

import aiokafka
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol import fetch, offset
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.types import Array
from faust import App, Stream, Topic
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers import aiokafka as driver

PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}

SIGNATURES = [
    (driver.Consumer, "_new_consumer_thread", ["self"]),
    (driver.Consumer, "perform_seek", ["self"]),
    (driver.Consumer, "getmany", ["self", "timeout"]),
    (driver.Consumer, "ack", ["self", "message"]),
    (driver.Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (driver.Consumer, "_new_offset", ["self", "tp"]),
    (driver.Consumer, "_seek", ["self", "partition", "offset"]),
    (driver.Consumer, "_wait_next_records", ["self", "timeout"]),
    (driver.Consumer, "_to_message", ["self", "tp", "record"]),
    (driver.Consumer, "earliest_offsets", ["self", "partitions"]),
    (driver.Consumer, "highwaters", ["self", "partitions"]),
    (driver.Consumer, "highwater", ["self", "tp"]),
    (driver.Consumer, "verify_all_partitions_active", ["self"]),
    (driver.Consumer, "assignment", ["self"]),
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"]),
    (driver.AIOKafkaConsumerThread, "call_thread", ["self", "fun", "args", "kwargs"]),
    (Topic, "decode", ["self", "message", "propagate"]),
    (Topic, "_create_event", ["self", "key", "value", "headers", "message"]),
    (App, "_new_transport", ["self"]),
    (App, "on_rebalance_end", ["self"]),
    (Stream, "noack", ["self"]),
    (Stream, "events", ["self"]),
]


@pytest.mark.parametrize("package", PINNED)
def test_the_installed_version_is_the_one_the_private_parts_were_read_in(package):
    assert version(package) == PINNED[package]


@pytest.mark.parametrize(("owner", "name", "parameters"), SIGNATURES, ids=[f"{owner.__name__}.{name}" for owner, name, _ in SIGNATURES])
def test_the_method_is_there_with_its_parameters(owner, name, parameters):
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


@pytest.mark.parametrize(
    "name", ["_read_offset", "_acked", "_unacked_messages", "_buffered_partitions", "flow_active", "should_stop", "_thread"]
)
def test_the_consumer_keeps_its_books_under_the_names_we_write_to(name):
    source = (
        inspect.getsource(BaseConsumer)
        + inspect.getsource(driver.Consumer)
        + inspect.getsource(inspect.getmodule(BaseConsumer).ThreadDelegateConsumer)
    )
    assert f"self.{name}" in source or hasattr(BaseConsumer, name)


@pytest.mark.parametrize("name", ["_isolation_level", "_partition_assignment_strategy"])
def test_the_broker_client_reads_what_we_set_before_it_starts(name):
    assert f"self.{name} = " in inspect.getsource(aiokafka.AIOKafkaConsumer.__init__)
    assert f"self.{name}" in inspect.getsource(aiokafka.AIOKafkaConsumer.start)


def test_a_full_batch_refuses_a_record_but_an_empty_one_takes_any_size():
    assert list(inspect.signature(BatchBuilder.append).parameters) == ["self", "timestamp", "key", "value", "headers"]
    batch = BatchBuilder(1_000, 0, is_transactional=True)
    assert batch.append(timestamp=None, key=None, value=b"x" * 5_000) is not None
    assert batch.append(timestamp=None, key=None, value=b"x") is None


@pytest.mark.parametrize("resume", [Recovery._resume_streams, Recovery.on_recovery_completed])
def test_lanes_are_opened_within_the_time_of_a_request_and_then_the_app_is_told(resume):
    source = inspect.getsource(resume)
    opened = source.index("consumer.perform_seek(), timeout=self.app.conf.broker_request_timeout")
    assert opened < source.index("app.on_rebalance_end()")


def test_a_fetch_can_be_sent_over_the_connections_of_a_reader():
    made = inspect.getsource(aiokafka.AIOKafkaConsumer.__init__)
    assert "self._client = " in made
    assert "self._request_timeout_ms = " in made + inspect.getsource(AIOKafkaClient.__init__)
    assert list(inspect.signature(AIOKafkaClient.send).parameters)[:3] == ["self", "node_id", "request"]
    parameters = ["self", "max_wait_time", "min_bytes", "max_bytes", "isolation_level", "topics", "rack_id"]
    assert list(inspect.signature(FetchRequest.__init__).parameters) == parameters
    newest = max(kind.API_VERSION for name, kind in vars(fetch).items() if name.startswith("FetchResponse_v"))
    assert newest == 11, "streams/stored.py does not know where a newer answer names the transactions given up"


def test_the_end_of_a_partition_can_be_asked_over_the_connections_of_a_producer():
    assert "self.client = " in inspect.getsource(aiokafka.AIOKafkaProducer.__init__)
    assert list(inspect.signature(OffsetRequest.__init__).parameters) == ["self", "replica_id", "isolation_level", "topics"]
    for number in range(2, 6):
        (topics,) = [field for field in vars(offset)[f"OffsetResponse_v{number}"].SCHEMA.fields if isinstance(field, Array)]
        assert topics.array_of.fields[-1].array_of.names[:4] == ("partition", "error_code", "timestamp", "offset")


def test_the_consumer_generation_is_known_to_the_app():
    assert isinstance(App.consumer_generation_id, int)


def test_the_broker_client_knows_what_the_group_calls_it_and_forgets_it_when_it_was_taken_for_gone():
    assert "self._coordinator = " in inspect.getsource(aiokafka.AIOKafkaConsumer)
    assert "self.member_id = JoinGroupRequest.UNKNOWN_MEMBER_ID" in inspect.getsource(GroupCoordinator.reset_generation)
    assert "self.reset_generation()" in inspect.getsource(GroupCoordinator._do_heartbeat)
