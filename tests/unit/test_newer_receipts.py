"""Receipts of an exchange that is newer than this program: an unknown code is shown, and what cannot be read loses no receipt."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from kafka import TopicPartition

from mekong.producers import broker as module
from mekong.producers.receipts import Mailbox
from mekong.schemas.errors import Refused
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.settings import Settings
from mekong.schemas.wire import encode

IN = "in.VN-CUSTOMS.v1"
RECEIPTS = TopicPartition("receipts.VN-CUSTOMS.v1", 0)


def receipt(offset: int, outcome: str = "rejected", reason: str = "bad_date") -> bytes:
    made = Receipt(source_topic=IN, source_offset=offset, agency="VN-CUSTOMS", outcome=Outcome.REJECTED, received_at="2026-05-03T00:00:00Z")
    raw = encode(made.model_copy(update={"reason": reason}))
    return raw.replace(b'"outcome":"rejected"', f'"outcome":"{outcome}"'.encode())


class Consumer:
    """kafka-python's, over one partition."""

    def __init__(self, **_):
        self.log, self.at = [], 0

    def assignment(self):
        return {RECEIPTS}

    def seek(self, _, offset):
        self.at = offset

    def poll(self, **_):
        found = [SimpleNamespace(value=value, offset=offset) for offset, value in enumerate(self.log)][self.at :]
        self.at = len(self.log)
        return {RECEIPTS: found} if found else {}


@pytest.fixture
def mailbox(monkeypatch):
    monkeypatch.setattr(module, "KafkaConsumer", Consumer)
    return Mailbox(Settings(kafka_bootstrap="broker:1"))


@pytest.mark.parametrize("way", ["poll", "answers"])
def test_a_reason_that_this_program_does_not_know_is_shown_as_it_is(mailbox, way):
    mailbox._consumer.log = [receipt(0), receipt(1, reason="bad_moon")]
    assert [str(one.reason) for one in getattr(mailbox, way)()] == ["bad_date", "bad_moon"]


@pytest.mark.parametrize("way", ["poll", "answers"])
def test_no_receipt_is_lost_over_one_that_cannot_be_read(mailbox, way):
    mailbox._consumer.log = [receipt(0), receipt(1, outcome="quarantined"), receipt(2)]
    for _ in range(2):
        with pytest.raises(Refused, match="newer"):
            getattr(mailbox, way)()
    mailbox._consumer.log[1] = receipt(1)
    assert [one.source_offset for one in getattr(mailbox, way)()] == [0, 1, 2]
