"""Every private part of faust-streaming and aiokafka that streams/ leans on is there, and looks as it did."""

import inspect
import time
from importlib.metadata import version

import aiokafka
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance, GroupCoordinator
from aiokafka.consumer.subscription_state import Subscription, SubscriptionState, TopicPartitionState
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch
from aiokafka.producer.sender import EndTxnHandler, Sender, SendProduceReqHandler
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol import fetch, offset
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.types import Array
from faust import App, Stream, Topic
from faust.tables.recovery import Recovery
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers import aiokafka as driver

PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}

SIGNATURES = [
    (driver.Consumer, "_new_consumer_thread", ["self"]),
    (BaseConsumer, "_commit_offsets", ["self", "offsets", "start_new_transaction"]),
    (driver.Consumer, "perform_seek", ["self"]),
    (driver.Consumer, "getmany", ["self", "timeout"]),
    (driver.Consumer, "ack", ["self", "message"]),
    (driver.Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (driver.Consumer, "_new_offset", ["self", "tp"]),
    (driver.AIOKafkaConsumerThread, "seek", ["self", "partition", "offset"]),
    (driver.AIOKafkaConsumerThread, "subscribe", ["self", "topics"]),
    (Conductor, "_update_tp_index", ["self", "assigned"]),
    (driver.Consumer, "_getmany", ["self", "active_partitions", "timeout"]),
    (driver.Consumer, "on_partitions_assigned", ["self", "assigned", "generation_id"]),
    (driver.Consumer, "on_stop", ["self"]),
    (driver.Consumer, "_to_message", ["self", "tp", "record"]),
    (driver.Consumer, "earliest_offsets", ["self", "partitions"]),
    (driver.Consumer, "highwaters", ["self", "partitions"]),
    (driver.Consumer, "verify_all_partitions_active", ["self"]),
    (driver.Consumer, "assignment", ["self"]),
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"]),
    (driver.AIOKafkaConsumerThread, "call_thread", ["self", "fun", "args", "kwargs"]),
    (Topic, "decode", ["self", "message", "propagate"]),
    (Topic, "_create_event", ["self", "key", "value", "headers", "message"]),
    (App, "_new_transport", ["self"]),
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
    "name", ["_read_offset", "_acked", "_unacked_messages", "flow_active", "should_stop", "_thread", "_committed_offset"]
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


def test_lanes_are_opened_behind_faust_s_own_work_and_its_readiness_is_not_ours():
    source = inspect.getsource(Recovery._resume_streams)
    assert source.index("consumer.perform_seek()") < source.index("consumer.resume_flow()") < source.index("app.on_rebalance_end()")
    assert "await self._on_partitions_assigned" not in inspect.getsource(BaseConsumer.on_partitions_revoked)


def test_the_broker_client_reads_on_while_the_group_deals_anew_when_it_is_not_told():
    assert "self._subscription._begin_reassignment()" in inspect.getsource(SubscriptionState.begin_reassignment)
    assert "self._reassignment_in_progress = True" in inspect.getsource(Subscription._begin_reassignment)
    assert "self._assignment._unassign()" in inspect.getsource(Subscription._assign)
    assert "self._subscriptions.reassignment_in_progress" in inspect.getsource(Fetcher.fetched_records)


def test_topics_can_be_added_to_a_subscription_without_a_new_one():
    assert "self._topics = frozenset(topics)" in inspect.getsource(Subscription.__init__)
    assert "return self._topics" in inspect.getsource(Subscription.topics.fget)
    assert "topics = self._subscription.topics" in inspect.getsource(CoordinatorGroupRebalance.perform_group_join)
    assert list(inspect.signature(AIOKafkaClient.set_topics).parameters) == ["self", "topics"]
    assert list(inspect.signature(GroupCoordinator.request_rejoin).parameters) == ["self"]


def test_a_member_s_metadata_is_asked_for_at_each_join_and_its_claim_is_handed_to_the_leader():
    assert "metadata = assignor.metadata(topics)" in inspect.getsource(CoordinatorGroupRebalance.perform_group_join)
    assert "assignor.assign(self._cluster, member_metadata)" in inspect.getsource(GroupCoordinator._perform_assignment)
    assert ConsumerProtocolMemberMetadata.SCHEMA.names == ("version", "subscription", "user_data")


def test_the_client_asks_for_its_membership_as_we_do_and_forgets_it_when_it_hears_no():
    source = inspect.getsource(GroupCoordinator._do_heartbeat)
    assert "HeartbeatRequest(self.group_id, self.generation, self.member_id)" in source
    assert "resp = await self._send_req(request)" in source
    assert source.count("self.reset_generation()") == 2, "which is why it is not asked to"
    assert "self.request_rejoin()" in source


def test_the_broker_client_knows_where_it_stands_in_a_partition():
    assert list(inspect.signature(driver.AIOKafkaConsumerThread._fetch_records).parameters) == [
        "self",
        "consumer",
        "active_partitions",
        "timeout",
        "max_records",
    ]
    assert "state.consumed_to(self._partition_records.next_fetch_offset)" in inspect.getsource(FetchResult._update_position)
    assert isinstance(TopicPartitionState.position, property)
    assert isinstance(TopicPartitionState.has_valid_position, property)


def test_a_producer_s_sender_ends_a_transaction_where_we_do_it_instead():
    assert list(inspect.signature(Sender._do_txn_commit).parameters) == ["self", "commit_result"]
    ends = inspect.getsource(Sender._do_txn_commit)
    for step in (
        "flush_for_commit()",
        "is_empty_transaction()",
        "complete_transaction()",
        "_find_coordinator(",
        "EndTxnHandler(self, commit_result)",
    ):
        assert step in ends
    assert "self._do_txn_commit(commit_result)" in inspect.getsource(Sender._maybe_do_transactional_request)
    parameters = ["self", "client", "acks", "txn_manager", "message_accumulator", "retry_backoff_ms", "request_timeout_ms"]
    assert list(inspect.signature(Sender.__init__).parameters) == parameters
    assert "self._sender = Sender(" in inspect.getsource(aiokafka.AIOKafkaProducer.__init__)


def test_a_batch_may_fail_before_the_answer_is_handled_where_we_say_what_is_wrong_with_it():
    sends = inspect.getsource(Sender._send_produce_req)
    for step in ("SendProduceReqHandler(self, batches)", "self._in_flight.remove(node_id)", "self._muted_partitions.remove(tp)"):
        assert step in sends
    assert sends.count("\n", sends.index("handler = ")) == 6
    assert "self._batches.get(tp)" in inspect.getsource(SendProduceReqHandler.handle_response)
    assert "if not self.future.done():" in inspect.getsource(MessageBatch.failure)
    assert "if not self._drain_waiter.done():" in inspect.getsource(MessageBatch.failure)


def test_a_producer_s_sender_opens_where_we_ask_first_how_its_last_transaction_was_decided():
    assert list(inspect.signature(Sender._do_init_pid).parameters) == ["self", "node_id"]
    assert "success = await self._do_init_pid(node_id)" in inspect.getsource(Sender._maybe_wait_for_pid)
    assert list(inspect.signature(Sender._coordinator_dead).parameters) == ["self", "coordinator_type"]
    assert "await self._sender.start()" in inspect.getsource(aiokafka.AIOKafkaProducer.start)
    assert list(inspect.signature(TransactionManager.maybe_add_partition_to_txn).parameters) == ["self", "tp"]
    parts = inspect.getsource(Sender._maybe_do_transactional_request)
    assert parts.index("partitions_to_add()") < parts.index("needs_transaction_commit()"), "a partition is added before the end"


def test_a_client_says_which_connection_closed_and_why():
    assert list(inspect.signature(AIOKafkaClient._on_connection_closed).parameters) == ["self", "conn", "reason"]
    assert "on_close=self._on_connection_closed," in inspect.getsource(AIOKafkaClient._get_conn)
    assert "self._txn_partitions.clear()" in inspect.getsource(TransactionManager.complete_transaction)
    assert isinstance(TransactionManager.txn_partitions, property)


def test_a_request_that_was_never_sent_has_an_error_of_its_own_and_an_end_may_be_asked_for_again_by_its_answer():
    assert list(inspect.signature(EndTxnHandler.do).parameters) == ["self", "node_id"]
    assert "if not (await self.ready(node_id, group=group)):" in inspect.getsource(AIOKafkaClient.send)
    assert "raise NodeNotReadyError(" in inspect.getsource(AIOKafkaClient.send)
    assert "self._transaction_waiter.set_exception(exc)" in inspect.getsource(TransactionManager.fatal_error)
    assert "return None" in inspect.getsource(EndTxnHandler.handle_response)


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


def test_a_stream_drops_what_is_of_another_generation_of_the_group():
    source = inspect.getsource(Stream._py_aiter)
    assert "not self.app.flow_control.is_active()" in source
    assert "or message.generation_id != self.app.consumer_generation_id" in source


def test_the_consumer_generation_is_known_to_the_app():
    assert isinstance(App.consumer_generation_id, int)


def test_the_broker_client_knows_what_the_group_calls_it_and_forgets_it_when_it_was_taken_for_gone():
    assert "self._coordinator = " in inspect.getsource(aiokafka.AIOKafkaConsumer)
    assert "self.member_id = JoinGroupRequest.UNKNOWN_MEMBER_ID" in inspect.getsource(GroupCoordinator.reset_generation)
    assert "self.reset_generation()" in inspect.getsource(GroupCoordinator._do_heartbeat)


def test_a_member_that_fetches_nothing_leaves_the_group_after_a_time_that_can_begin_anew():
    state = SubscriptionState.__new__(SubscriptionState)
    state._fetch_count, state._last_fetch_ended = 0, time.monotonic()
    state._last_fetch_ended -= 100
    assert state.fetcher_idle_time >= 100
    with state.fetch_context():
        assert state.fetcher_idle_time == 0
    assert state.fetcher_idle_time < 100
    assert "idle_time = self._subscription.fetcher_idle_time" in inspect.getsource(GroupCoordinator._heartbeat_routine)
    assert "max_poll_interval_ms=int(max_poll_interval * 1000.0)" in inspect.getsource(driver.AIOKafkaConsumerThread)


def test_the_records_of_a_fetch_are_made_by_the_name_that_we_replace():
    source = inspect.getsource(fetcher.Fetcher._proc_fetch_request)
    assert "records = MemoryRecords(part_data[-1])" in source
    assert "records.has_next()" in source
    unpacked = inspect.getsource(fetcher.PartitionRecords._unpack_records)
    assert "next_batch = records.next_batch()" in unpacked
    assert "for record in next_batch:" in unpacked


def test_a_source_that_is_paused_is_not_fetched():
    assert "tp_state.paused" in inspect.getsource(fetcher.Fetcher._get_actions_per_node)
    refused = inspect.getsource(fetcher.Fetcher._proc_fetch_request)
    assert "err = Errors.TopicAuthorizationFailedError(tp.topic)" in refused


def test_a_client_gives_each_address_the_time_of_a_request_and_nothing_else_runs_then():
    asked = inspect.getsource(AIOKafkaClient.bootstrap)
    assert "for host, port, _ in self.hosts:" in asked
    assert asked.count("request_timeout_ms=self._request_timeout_ms") == 1
    assert "self._conns[bootstrap_id] = bootstrap_conn\n            else:\n                bootstrap_conn.close()" in asked
