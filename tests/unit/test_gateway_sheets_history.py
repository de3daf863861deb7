"""The history of sheets on a compacted topic: what two gateways write at the same instant stays, also when only the last record is left."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mekong.producers.gateway.sheets import history
from mekong.producers.gateway.sheets.history import History, Sendings, united
from mekong.schemas.sendings import Sending
from mekong.schemas.settings import Settings
from mekong.schemas.wire import encode
from tests.unit.test_gateway import AGENCY

AT = datetime(2026, 11, 29, tzinfo=UTC)


def sending(**more) -> Sending:
    base = {"agency": AGENCY, "id": "0" * 16, "state": "sent", "token": "0123abcd", "at": AT, "edition": AT, "digest": "a" * 64}
    return Sending(**{**base, "layout": "simple", "cases": 9, "sent": 9, "receipts_from": 5, **more})


class Topic(list[tuple[str, bytes | None]]):
    """The records of the topic."""

    def compacted(self) -> Topic:
        return Topic(dict(self).items())

    @property
    def last(self) -> Sending:
        book = Sendings()
        for key, value in self.compacted():
            book.apply(key, value)
        (found,) = book.of(AGENCY)
        return found


class Gateway(History):
    """With a list in place of the broker."""

    def __init__(self, topic: Topic) -> None:
        super().__init__(Settings())
        self._topic, self.before_it_reads = topic, list[tuple[str, bytes]]()

    def _put(self, records):
        self._topic += list(records.items())

    def _caught_up(self):
        if self.before_it_reads:
            self._topic.append(self.before_it_reads.pop())
        for key, value in self._topic[self._next :]:
            self._found.apply(key, value)
        self._next = len(self._topic)
        return self._found


def record(one: Sending) -> tuple[str, bytes]:
    return one.key, encode(one)


A, B = sending(withdraws=("A",)), sending(withdraws=("B",), receipts_from=3)


def test_after_a_write_the_last_record_has_what_both_gateways_have_written():
    topic = Topic()
    first, second = Gateway(topic), Gateway(topic)
    second.before_it_reads = [record(A)]
    second.write(B)
    assert (topic.last.withdrawn, topic.last.receipts_from) == (("B", "A"), 3)
    written = len(topic)
    for one in (first, second, Gateway(topic.compacted())):
        assert one.sendings().one(AGENCY, A.id) == topic.last
    assert len(topic) == written, "once they agree, nothing more is written"


def test_a_gateway_that_starts_writes_the_union_of_records_that_differ():
    topic = Topic([record(A), record(B), ("other/1", None)])
    assert Gateway(topic).sendings().one(AGENCY, A.id) == topic.last
    assert topic.last.withdrawn == ("A", "B")


def test_the_writing_is_bounded_and_the_next_request_goes_on():
    topic = Topic()
    busy = Gateway(topic)
    busy.before_it_reads = [record(sending(withdraws=(f"case {number}",))) for number in range(6)]
    busy.write(A)
    assert len(topic) == 1 + 4 + history._MOST_ROUNDS
    while busy.before_it_reads:
        busy.sendings()
    assert len(topic.last.withdrawn) == 7


def test_a_record_that_was_forgotten_is_not_written_again():
    topic = Topic([record(A), record(B), (A.key, None)])
    assert Gateway(topic).sendings().of(AGENCY) == []
    assert len(topic) == 3


@pytest.mark.parametrize("later", [0, 1])
def test_a_union_that_was_read_before_the_end_of_a_sending_does_not_take_its_end_back(later):
    begun = sending(state="begun", sent=0, withdraws=("A", "B"), unsent=(0, 1), at=AT.replace(second=later))
    found = united(begun, sending(withdraws=("A",)))
    assert (found.state, found.sent) == (("begun", 0) if later else ("sent", 9)), "a later request begins anew"
    assert (found.withdraws, found.withdrawn) == (("A", "B"), ("A",))
