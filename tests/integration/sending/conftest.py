"""``agency``, registered on the session's broker, and ``intake``, which answers its messages: small, so that a test can steer it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from mekong.deploy.registry import add_agencies
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING, RECEIPTS
from mekong.schemas.wire import encode
from tests.integration.committed import committed


@pytest.fixture
def agency(server_settings: Settings, fresh_agency: Callable[[], str]) -> str:
    code = fresh_agency()
    add_agencies(
        server_settings, [AgencyProfile(agency=code, name="A test", kind="customs", country="VN", region="Asia", utc_offset="+07:00")]
    )
    return code


@pytest.fixture
def records_of(kafka: str) -> Callable[[str], list[Any]]:
    """Every committed record of a topic of one partition."""
    return partial(committed, kafka)


@pytest.fixture
def intake(kafka: str) -> Iterator[Callable[[str], None]]:
    """Answers every message of an agency in a transaction: rejected when it has ``bad``, duplicate for a case seen before."""
    stop = threading.Event()
    threads = []

    def answer(agency: str) -> None:
        consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
        consumer.assign([TopicPartition(INCOMING.of(agency), 0)])
        producer = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"test-{agency}")
        producer.init_transactions()
        seen: set[str] = set()
        while not stop.is_set():
            records = [record for batch in consumer.poll(100).values() for record in batch]
            answers = [receipt(record, agency, seen) for record in records if CONTROL_HEADER not in dict(record.headers)]
            if answers:
                producer.begin_transaction()
                for one in answers:
                    producer.send(RECEIPTS.of(agency), encode(one))
                producer.commit_transaction()
        producer.close()
        consumer.close()

    def start(agency: str) -> None:
        threads.append(threading.Thread(target=answer, args=[agency]))
        threads[-1].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def receipt(record: Any, agency: str, seen: set[str]) -> Receipt:
    message = json.loads(record.value)
    case_no = message["case_no"]
    common = {"source_topic": record.topic, "source_offset": record.offset, "agency": agency, "case_no": case_no}
    if "bad" in message:
        outcome = {"outcome": Outcome.REJECTED, "reason": Reason.BAD_QUANTITY, "field": "lines.0.quantity", "detail": "must be more than 0"}
    else:
        outcome = {"outcome": Outcome.DUPLICATE if case_no in seen else Outcome.ACCEPTED, "version": 1}
        seen.add(case_no)
    return Receipt.model_validate({**common, **outcome, "received_at": "2026-11-22T00:00:00Z"})
