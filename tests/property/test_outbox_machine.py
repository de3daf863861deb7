"""A file that is sent in any order of lost acknowledgements, kills and sendings anew: each message arrives, in order, and no report lies.

Outbox and Positions are the real ones; the broker's client is in memory. It does what an idempotent client can do: a batch whose answer
is lost for too long fails, and is in the topic, or is not; what was behind it may be in the topic all the same.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kafka.errors import KafkaTimeoutError

from mekong.producers.outbox import Delivered, Outbox
from mekong.producers.positions import Positions
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings
from tests.amount import examples

TOPICS = ("in.VN-CUSTOMS.v1", "in.LA-CUSTOMS.v1")
MESSAGES = 12
TOPIC_OF = [TOPICS[number % 3 == 0] for number in range(MESSAGES)]


class Answer:
    """What the client gives for a record."""

    def __init__(self) -> None:
        self.is_done = False
        self.exception: BaseException | None = None
        self.value: Any = None


class Client:
    """``KafkaProducer`` over topics in memory."""

    def __init__(self, topics: dict[str, list[int]]) -> None:
        self._topics = topics
        self.under_way: list[tuple[str, int, Answer]] = []

    def send(self, topic: str, *, value: bytes, **_: object) -> Answer:
        self.under_way.append((topic, int(value), Answer()))
        return self.under_way[-1][2]

    def end(self, how: str) -> None:
        """The record sent first has its end."""
        topic, number, answer = self.under_way.pop(0)
        if how != "not done, no answer":
            self._topics[topic].append(number)
        if how == "answered":
            answer.value = SimpleNamespace(offset=len(self._topics[topic]) - 1, timestamp=0)
        else:
            answer.exception = KafkaTimeoutError("no answer")
        answer.is_done = True

    def flush(self, timeout: float) -> None:
        while self.under_way:
            self.end("answered")

    def close(self, timeout: float) -> None: ...


class Sent(RuleBasedStateMachine):
    """One file, sent again until every message is on record as delivered."""

    @initialize()
    def start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="outbox-")
        self.topics: dict[str, list[int]] = {topic: [] for topic in TOPICS}
        self.handed = Counter[int]()
        self.outbox: Outbox[int] | None = None

    @precondition(lambda self: self.outbox is None)
    @rule()
    def begin(self) -> None:
        self.client = Client(self.topics)
        with patch("mekong.producers.outbox.KafkaProducer", lambda **_: self.client):
            self.outbox = Outbox[int](Settings(home=Path(self._folder.name), kafka_bootstrap="here:1"), "a file")
        self.positions = Positions(Path(self._folder.name), "file").__enter__()
        self.left = [number for number in range(MESSAGES) if number not in self.positions.delivered]

    @precondition(lambda self: self.outbox is not None)
    @rule(count=st.integers(1, 5))
    def send(self, count: int) -> None:
        for number in self.left[:count]:
            self.handed[number] += 1
            self.outbox.send(TOPIC_OF[number], f"case {number}", b"%d" % number, number)
        del self.left[:count]

    @precondition(lambda self: self.outbox is not None and self.client.under_way)
    @rule(ends=st.lists(st.sampled_from(["answered"] * 4 + ["done, no answer", "not done, no answer"]), min_size=1, max_size=5))
    def the_broker(self, ends: list[str]) -> None:
        for how in ends[: len(self.client.under_way)]:
            self.client.end(how)

    @precondition(lambda self: self.outbox is not None)
    @rule()
    def look(self) -> None:
        """As a sending does: what was delivered goes on record; what only time can mend ends it."""
        try:
            found = self.outbox.reports()
        except Retriable:
            self._end()
            return
        assert all(isinstance(report, Delivered) for report in found)
        self.positions.add((report.token, report) for report in found if isinstance(report, Delivered))

    @precondition(lambda self: self.outbox is not None)
    @rule(lost=st.integers(0, 30))
    def kill(self, lost: int) -> None:
        """What is under way may be through; the end of the record may not have reached the disk."""
        while self.client.under_way:
            self.client.end("done, no answer" if lost % 2 else "not done, no answer")
        self._end()
        path = Path(self._folder.name) / "sends" / "file.positions"
        path.write_bytes(path.read_bytes()[: -lost or None])

    def _end(self) -> None:
        self.outbox = None
        self.positions.__exit__(None, None, None)

    @invariant()
    def what_is_on_record_as_delivered_is_where_the_record_says(self) -> None:
        if self.outbox is not None:
            assert all(self.topics[topic][offset] == number for number, (topic, offset) in self.positions.delivered.items())

    @invariant()
    def nothing_is_there_more_often_than_it_was_handed_over(self) -> None:
        assert not Counter(number for found in self.topics.values() for number in found) - self.handed

    def teardown(self) -> None:
        if not hasattr(self, "topics"):
            return
        if self.outbox is not None:
            self._end()
        self.begin()
        self.send(MESSAGES)
        self.positions.add((report.token, report) for report in self.outbox.flush() if isinstance(report, Delivered))
        self._end()
        with Positions(Path(self._folder.name), "file") as positions:
            assert sorted(positions.delivered) == list(range(MESSAGES))
            assert all(self.topics[topic][offset] == number for number, (topic, offset) in positions.delivered.items())
        for topic, found in self.topics.items():
            last = {number: place for place, number in enumerate(found)}
            assert sorted(last) == [number for number in range(MESSAGES) if TOPIC_OF[number] == topic]
            assert sorted(last, key=last.__getitem__) == sorted(last), "the last of each stand in the order of the file"
        self._folder.cleanup()


Sent.TestCase.settings = settings(max_examples=examples(80), stateful_step_count=30, deadline=None)
TestSent = Sent.TestCase
