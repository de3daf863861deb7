"""Whether the clock is ready: after a whole round of ticks, and never because it only reached Kafka."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from mekong.producers import clock
from mekong.schemas.condition import Condition
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings


class Hours:
    """Each round is in an hour of its own, so that it has ticks for the lanes too."""

    def __init__(self):
        self.at = datetime(2026, 5, 3, tzinfo=UTC)

    def now(self, _zone):
        self.at += timedelta(hours=1)
        return self.at


@pytest.fixture
def seen(monkeypatch) -> list[str]:
    """What the clock misses before each round of ticks, and after the last one."""
    found, condition, stop = [], Condition(), threading.Event()
    no = Retriable("no", retry_after_s=0)
    outcomes = [(no, None), (None, no), (None, None), (no, None), (None, None)]

    def tick(*_):
        found.append(condition.missing())
        fails(outcomes[0][0] and outcomes.pop(0)[0])

    def fails(outcome):
        if outcome is not None:
            raise outcome

    def until_next_minute(_now):
        if not outcomes:
            stop.set()
        return 0.0

    monkeypatch.setattr(clock, "CONDITION", condition)
    monkeypatch.setattr(clock, "tick", tick)
    monkeypatch.setattr(clock, "tick_lanes", lambda *_: fails(outcomes.pop(0)[1]))
    monkeypatch.setattr(clock, "until_next_minute", until_next_minute)
    monkeypatch.setattr(clock, "Mailbox", lambda *_: nullcontext(SimpleNamespace(agencies=dict, has=lambda _: True)))
    monkeypatch.setattr(clock, "datetime", Hours())
    monkeypatch.setattr(clock.Outbox, "__class_getitem__", lambda _: lambda *_, **__: nullcontext())
    clock.run(Settings(secret="s" * 32), stop=stop)
    return [*found, condition.missing()]


def test_it_is_ready_only_after_a_round_was_written_and_not_because_it_reached_kafka_again(seen):
    first, failed, failed_again, after_one, failed_later, last = seen
    assert first.startswith("The clock has not written its first ticks yet")
    assert failed == failed_again == failed_later
    assert failed.startswith("The clock could not write its last tick")
    assert (after_one, last) == ("", "")
