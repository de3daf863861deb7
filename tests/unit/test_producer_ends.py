"""The end of a transaction: asked for again only where Kafka did not do it for sure."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import (
    CorrelationIdError,
    KafkaConnectionError,
    NodeNotReadyError,
    ProducerFenced,
    RequestTimedOutError,
)
from aiokafka.producer.transaction_manager import TransactionManager, TransactionResult

from mekong.streams.producer import OutcomeUnknown, Producer, _Sender

DONE, FENCED, NOT_COORDINATOR, NOT_AVAILABLE, LOADING, CONCURRENT, UNKNOWN = 0, 47, 16, 15, 14, 51, -1


class Client:
    """Answers with error codes, or fails, in the order given."""

    def __init__(self, answers):
        self.answers, self.asked = list(answers), 0

    async def send(self, node_id, request, group):
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(error_code=answer)

    async def coordinator_lookup(self, kind, key):
        return 1

    async def ready(self, node_id, group):
        return True


async def ended(answers, result=TransactionResult.COMMIT):
    """Ask as the sender does, again and again, until the transaction is over; how often it was asked."""

    class Flushed:
        async def flush_for_commit(self): ...

    manager, client = TransactionManager("intake-0", 1_000), Client(answers)
    manager.set_pid_and_epoch(1, 1)
    manager.begin_transaction()
    manager._txn_partitions.add("a partition")
    (manager.committing_transaction if result is TransactionResult.COMMIT else manager.aborting_transaction)()
    sender = _Sender(client, acks=-1, txn_manager=manager, message_accumulator=Flushed(), retry_backoff_ms=1, request_timeout_ms=10)
    while (wanted := manager.needs_transaction_commit()) is not None:
        await sender._do_txn_commit(wanted)
    await manager.wait_for_transaction_end()
    return client.asked


@pytest.mark.parametrize(
    "error",
    [RequestTimedOutError(), KafkaConnectionError("closed"), CorrelationIdError("mixed up")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("result", list(TransactionResult))
def test_an_end_without_an_answer_is_never_asked_for_again(error, result):
    with pytest.raises(OutcomeUnknown, match="did not say"):
        asyncio.run(ended([error], result))


@pytest.mark.parametrize("result", list(TransactionResult))
def test_an_answer_that_does_not_say_how_it_ended_is_an_unknown_outcome(result):
    with pytest.raises(OutcomeUnknown, match="UnknownError"):
        asyncio.run(ended([NOT_COORDINATOR, UNKNOWN], result))


@pytest.mark.parametrize("known", [NodeNotReadyError(), NOT_COORDINATOR, NOT_AVAILABLE, LOADING, CONCURRENT])
def test_what_was_answered_or_never_sent_is_asked_for_again(known):
    assert asyncio.run(ended([known, known, DONE])) == 3


def test_an_end_that_was_refused_is_not_an_unknown_outcome():
    with pytest.raises(ProducerFenced):
        asyncio.run(ended([NOT_COORDINATOR, FENCED]))


def test_a_producer_ends_its_transactions_so():
    async def run():
        producer = Producer(bootstrap_servers="127.0.0.1:1", transactional_id="x", retry_backoff_ms=10, request_timeout_ms=15_000)
        sender = producer._sender
        await producer.close()
        return sender

    assert type(asyncio.run(run())) is _Sender
