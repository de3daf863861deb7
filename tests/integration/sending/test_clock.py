"""The clock: a signed tick of the minute into every agency's topic, in order with its data."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from producers import clock
from schemas.control import CONTROL, CONTROL_HEADER, Tick, signed
from schemas.errors import Refused, Retriable
from schemas.topics import INCOMING


def test_one_tick_of_this_minute_stands_in_the_topic_and_is_signed(server_settings, agency, records_of):
    clock.run(server_settings, once=True)
    topic = INCOMING.of(agency)
    _profile, record = records_of(topic)
    tick = CONTROL.validate_json(record.value)
    assert isinstance(tick, Tick)
    assert (tick.at.second, tick.at.microsecond, tick.replay) == (0, 0, False)
    assert datetime.now(UTC) - tick.at < timedelta(minutes=3)
    assert signed(server_settings.deployment_secret(), topic, record.value, dict(record.headers)[CONTROL_HEADER])


def test_it_ticks_at_each_minute_and_takes_in_agencies_that_are_added(server_settings, agency, records_of, monkeypatch):
    waits = iter([0.01, 0.01])
    stop = threading.Event()

    def until_next_minute(_now: datetime) -> float:
        wait = next(waits, None)
        if wait is None:
            stop.set()
        return wait or 0.0

    monkeypatch.setattr(clock, "until_next_minute", until_next_minute)
    clock.run(server_settings, stop=stop)
    ticks = [record for record in records_of(INCOMING.of(agency)) if isinstance(CONTROL.validate_json(record.value), Tick)]
    assert len(ticks) == 2


def test_a_stack_whose_clock_is_off_has_no_clock(server_settings):
    with pytest.raises(Refused, match="off"):
        clock.run(server_settings.model_copy(update={"clock": "off"}))


def test_an_outage_is_waited_out_until_it_is_told_to_stop(server_settings, monkeypatch):
    monkeypatch.setattr("schemas.connect.BOOTSTRAP_TIMEOUT_MS", 1_000)
    nowhere = server_settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    stop = threading.Event()
    thread = threading.Thread(target=clock.run, args=[nowhere], kwargs={"stop": stop})
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    with pytest.raises(Retriable):
        clock.run(nowhere, once=True)


def test_the_next_minute_is_told_in_seconds():
    assert clock.until_next_minute(datetime(2026, 11, 22, 10, 59, 58, 500_000, tzinfo=UTC)) == 1.5
    assert clock.until_next_minute(datetime(2026, 11, 22, 10, 59, 0, tzinfo=UTC)) == 60.0
