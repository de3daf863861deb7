"""Every private part of kafka-python that schemas/, sinks/ and producers/ lean on is there, and looks as it did."""

import inspect
from importlib.metadata import version

from kafka import KafkaAdminClient, KafkaProducer
from kafka.cluster import ClusterMetadata
from kafka.consumer import fetcher
from kafka.coordinator.base import BaseCoordinator
from kafka.coordinator.consumer import ConsumerCoordinator
from kafka.net import connection
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.producer.transaction_manager import AddPartitionsToTxnHandler, EndTxnHandler, TransactionalRequestResult, TransactionManager


def test_an_address_is_taken_and_given_its_time_where_we_say_which_and_how_long():
    asked = inspect.getsource(KafkaConnectionManager._do_bootstrap)
    assert "random.choice(self.cluster.bootstrap_brokers())" in asked
    assert (
        "conn = self.get_connection(bootstrap_broker.node_id,\n                                           timeout_ms=timeout_ms," in asked
    )
    assert "self.update_backoff(bootstrap_broker.node_id)" in asked
    assert "self._backoff[node_id] = (failures," in inspect.getsource(KafkaConnectionManager.update_backoff)
    assert "self.cluster = ClusterMetadata(" in inspect.getsource(KafkaConnectionManager.__init__)
    assert "self._manager = weakref.proxy(manager)" in inspect.getsource(ClusterMetadata.attach)
    assert "return list(self._bootstrap_brokers.values())" in inspect.getsource(ClusterMetadata.bootstrap_brokers)
    for given in ("net", "manager"):
        assert given in inspect.signature(KafkaNetClient.__init__).parameters


def test_the_installed_version_is_the_one_the_private_parts_were_read_in():
    assert version("kafka-python") == "3.0.12"


def test_a_coordinator_asks_itself_whether_to_join_and_knows_whether_it_does():
    assert list(inspect.signature(ConsumerCoordinator.need_rejoin).parameters) == ["self"]
    joining = inspect.getsource(BaseCoordinator.join_group_async)
    assert "while self.need_rejoin():" in joining
    assert "if not self.rejoining:" in joining
    assert "self.rejoining = False" in joining


def test_the_records_of_a_fetch_are_made_by_the_name_that_verify_replaces():
    source = inspect.getsource(fetcher.Fetcher)
    assert "records = MemoryRecords(completed_fetch.partition_data.records)" in source
    assert "for record in batch:" in source
    assert 'len(h_key.encode("utf-8"))' in source, "a header name with a lone surrogate would fail there"


def test_the_end_of_a_transaction_can_be_waited_for_with_a_limit():
    ending = inspect.getsource(KafkaProducer.commit_transaction)
    assert "result = self._transaction_manager.begin_commit()" in ending
    assert "self._sender.wakeup()" in ending
    assert list(inspect.signature(TransactionalRequestResult.wait).parameters) == ["self", "timeout_ms"]


def test_a_producer_s_manager_ends_a_transaction_where_we_do_it_instead():
    assert "self._transaction_manager = TransactionManager(" in inspect.getsource(KafkaProducer)
    ends = inspect.getsource(TransactionManager._begin_completing_transaction)
    for step in (
        "_new_partitions_in_transaction",
        "_add_partitions_to_transaction_handler()",
        "EndTxnHandler(self, committed)",
        "handler.result",
    ):
        assert step in ends
    for begins in (TransactionManager.begin_commit, TransactionManager.begin_abort):
        assert "return self._begin_completing_transaction(" in inspect.getsource(begins)


def test_a_producer_s_manager_adds_partitions_to_a_transaction_where_we_add_them_without_a_record():
    adding = inspect.getsource(TransactionManager._add_partitions_to_transaction_handler)
    for step in ("_pending_partitions_in_transaction.update(self._new_partitions_in_transaction)", "return AddPartitionsToTxnHandler("):
        assert step in adding
    assert "self._new_partitions_in_transaction.clear()" in inspect.getsource(TransactionManager.begin_abort), "so it is waited for"
    assert list(inspect.signature(TransactionManager._enqueue_request).parameters) == ["self", "request_handler"]
    assert "self._result.done()" in inspect.getsource(AddPartitionsToTxnHandler.handle_response)


def test_an_end_of_a_transaction_without_an_answer_would_be_asked_for_again_by_itself():
    assert list(inspect.signature(EndTxnHandler.on_complete).parameters) == ["self", "correlation_id", "response_or_exc"]
    source = inspect.getsource(EndTxnHandler.on_complete)
    assert "isinstance(response_or_exc, Errors.KafkaConnectionError)" in source
    assert "clear_in_flight_transactional_request_correlation_id()" in source
    assert "transition_to_fatal_error(exc)" in inspect.getsource(EndTxnHandler.fatal_error)


def test_what_was_read_is_thrown_away_when_the_end_of_the_connection_comes_with_it():
    reading = inspect.getsource(KafkaTCPTransport._read_from_sock)
    assert "recvd_data, err = self._sock_recv()\n            if err:\n                return self.abort(error=err)" in reading
    for transport in (KafkaTCPTransport, KafkaSSLTransport):
        assert "return recvd_data, err" in inspect.getsource(inspect.unwrap(transport._sock_recv))


def test_the_brokers_of_the_cluster_are_known_after_the_login():
    assert "self._manager.bootstrap(self.config['bootstrap_timeout_ms'])" in inspect.getsource(KafkaAdminClient.__init__)
    assert "return list(self._brokers.values())" in inspect.getsource(ClusterMetadata.brokers)
    assert "Connection lost: " in inspect.getsource(connection), "mekong doctor would wait longer for a broker that refuses without a word"
