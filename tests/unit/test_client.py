"""``Client``: what it gives, where it goes on, and which error means what. The broker is played by two fakes."""

from __future__ import annotations

import pytest

from mekong.producers import client as module
from mekong.producers.client import Client
from mekong.producers.outbox import Delivered, Undelivered
from mekong.producers.resume_point import ResumePoint, read_resume_point
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.settings import Settings

TOPIC, RECEIPTS = "in.VN-CUSTOMS.v1", "receipts.VN-CUSTOMS.v1"


class Broker:
    """A topic and its receipts, each as long as a test makes it. ``outage`` is raised by whatever comes next."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.receipts: list[Receipt] = []
        self.outage: Exception | None = None
        self.open = 0

    def answer(self, *offsets: int) -> None:
        for offset in offsets:
            self.receipts.append(
                Receipt(
                    source_topic=TOPIC,
                    source_offset=offset,
                    agency="VN-CUSTOMS",
                    outcome=Outcome.ACCEPTED,
                    received_at="2026-11-28T00:00:00Z",
                )
            )


class FakeMailbox:
    def __init__(self, broker: Broker) -> None:
        self.broker, self.at = broker, 0

    def has(self, topic: str) -> bool:
        return topic == TOPIC

    def reach(self, places) -> bool:
        return all(topic == RECEIPTS and at <= len(self.broker.receipts) for topic, at in places.items())

    def follow(self, incoming, start=None) -> dict[str, int]:
        self.at = (start or {}).get(RECEIPTS, len(self.broker.receipts))
        return {RECEIPTS: self.at}

    def place(self, topic: str) -> int:
        return self.at

    def poll(self, timeout_s: float = 0.0) -> list[Receipt]:
        found = self.broker.receipts[self.at : self.at + 2]
        self.at += len(found)
        return found

    def __enter__(self):
        self.broker.open += 1
        return self

    def __exit__(self, *exc) -> None:
        self.broker.open -= 1


class FakeOutbox:
    def __init__(self, broker: Broker) -> None:
        if broker.outage:
            raise broker.outage
        self.broker, self.waiting = broker, []

    @property
    def under_way(self) -> int:
        return len(self.waiting)

    def send(self, topic: str, case_no: str, value: bytes, token: str) -> None:
        if len(value) > 1_000_000:
            self.waiting.append(Undelivered(token, Rejected(reason=Reason.TOO_LARGE, detail="too large")))
            return
        self.broker.sent.append((case_no, value))
        self.waiting.append(Delivered(token, topic, len(self.broker.sent) - 1))

    def reports(self):
        if self.broker.outage:
            raise self.broker.outage
        found, self.waiting = self.waiting[:1], self.waiting[1:]
        return found

    flush = reports

    def __enter__(self):
        self.broker.open += 1
        return self

    def __exit__(self, *exc) -> None:
        self.broker.open -= 1


@pytest.fixture
def broker(monkeypatch):
    found = Broker()
    monkeypatch.setattr(module, "open_mailbox", lambda *_: FakeMailbox(found))
    monkeypatch.setattr(module, "open_outbox", lambda *_: FakeOutbox(found))
    return found


def opened(place: str = "", agency: str = "VN-CUSTOMS") -> Client:
    return Client(Settings(kafka_bootstrap="nowhere:1"), agency, place=place)


def test_all_receipts_come_and_nothing_is_waited_for_any_more(broker):
    broker.answer(0)
    with opened() as client:
        for number in range(1, 5):
            broker.sent.append(("another's", b""))
            client.send(b'{"case_no":"c"}', str(number))
        broker.answer(*range(1, 8))
        found = client.wait_for_receipts(0)
        assert [one.source_offset for one in found] == list(range(1, 8))
        assert client.place == f"{TOPIC}@8"
        assert {report.offset for report in client.reports()} == {1, 3, 5, 7}


def test_a_receipt_that_comes_before_the_word_of_the_broker_is_not_waited_for_again(broker):
    with opened() as client:
        client.send(b"{}")
        broker.answer(0)
        assert len(client.receipts()) == 1
        assert [report.offset for report in client.flush()] == [0]
        assert client.wait_for_receipts(0) == []
        assert client.place == f"{TOPIC}@1"


def test_receipts_that_are_missing_raise_and_none_that_came_is_lost(broker):
    with opened() as client:
        client.send(b"{}")
        client.send(b"{}")
        broker.answer(0)
        with pytest.raises(Retriable, match="no receipt has come"):
            client.wait_for_receipts(0)
        assert client.place == f"{TOPIC}@0<1"
        broker.answer(1)
        assert [one.source_offset for one in client.wait_for_receipts(0)] == [0, 1]


def test_a_new_client_waits_for_what_the_one_before_had_delivered(broker):
    with opened() as client:
        client.send(b"{}")
        client.flush()
        place = client.place
    with opened(place) as client:
        with pytest.raises(Retriable):
            client.wait_for_receipts(0)
        broker.answer(0)
        assert [one.source_offset for one in client.wait_for_receipts(0)] == [0]


def test_reports_that_are_known_are_not_lost_in_an_outage(broker):
    with opened() as client:
        client.send(b"{}", "first")
        client.send(b"{}", "second")
        client._take(client._outbox.reports())
        broker.outage = Retriable("the broker is away")
        with pytest.raises(Retriable, match="away"):
            client.flush()
        assert [report.token for report in client.reports()] == ["first"]
        with pytest.raises(Retriable, match="away"):
            client.reports()


def test_a_message_that_the_broker_refuses_is_reported_and_not_waited_for(broker):
    with opened() as client:
        client.send(b"x" * 1_000_001, "large")
        assert client.wait_for_receipts(0) == []
        (report,) = client.reports()
        assert isinstance(report, Undelivered)
        assert report.rejected.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("exc", [Retriable("the broker is away"), Refused("a wrong password"), Fatal("odd")])
def test_a_client_that_cannot_be_opened_leaves_nothing_open(broker, exc):
    broker.outage = exc
    with pytest.raises(type(exc), match=str(exc)):
        opened()
    assert broker.open == 0


def test_an_agency_without_a_topic_is_refused_at_once(broker):
    with pytest.raises(Refused, match=r"in\.XX-NOBODY\.v1: the topic does not exist"):
        opened(agency="XX-NOBODY")
    assert broker.open == 0


@pytest.mark.parametrize(
    ("place", "words"),
    [
        pytest.param("17", "'17' is not a place", id="not ours"),
        pytest.param("in.LA-CUSTOMS.v1@0", "is one of in.LA-CUSTOMS.v1", id="another agency's"),
        pytest.param(f"{TOPIC}@1", "is not of this exchange", id="beyond the end"),
    ],
)
def test_a_place_that_cannot_be_gone_on_from_is_refused_with_what_to_do(broker, place, words):
    with pytest.raises(Refused, match=words):
        opened(place)
    assert broker.open == 0


@pytest.mark.parametrize("place", [ResumePoint(TOPIC, 0), ResumePoint(TOPIC, 17, 0), ResumePoint(TOPIC, 17, 412)])
def test_a_place_is_read_as_it_was_written(place):
    assert read_resume_point(str(place), TOPIC) == place
