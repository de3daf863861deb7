"""The clock: a signed tick of the minute into every agency's topic, in order with its data."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaConsumer, TopicPartition

from mekong.deploy.topics import create_topics
from mekong.producers import clock
from mekong.producers.outbox import Outbox
from mekong.schemas.connect import kafka_options
from mekong.schemas.control import CONTROL as CONTROL_RECORD
from mekong.schemas.control import CONTROL_HEADER, Tick, signed
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.topics import CONTROL, INCOMING, LANES


def test_one_tick_of_this_minute_stands_in_the_topic_and_is_signed(server_settings, agency, records_of):
    clock.run(server_settings, once=True)
    topic = INCOMING.of(agency)
    _profile, record = records_of(topic)
    tick = CONTROL_RECORD.validate_json(record.value)
    assert isinstance(tick, Tick)
    assert (tick.at.second, tick.at.microsecond, tick.replay) == (0, 0, False)
    assert datetime.now(UTC) - tick.at < timedelta(minutes=3)
    assert signed(server_settings.control_keys().signing, topic, record.value, dict(record.headers)[CONTROL_HEADER])


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
    ticks = [record for record in records_of(INCOMING.of(agency)) if isinstance(CONTROL_RECORD.validate_json(record.value), Tick)]
    assert len(ticks) == 2


def test_a_stack_whose_clock_is_off_has_no_clock(server_settings):
    with pytest.raises(Refused, match="off"):
        clock.run(server_settings.model_copy(update={"clock": "off"}))


def test_an_outage_is_waited_out_until_it_is_told_to_stop(server_settings, monkeypatch):
    monkeypatch.setattr("mekong.schemas.bootstrap.EACH_MS", 500)
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


@pytest.mark.parametrize("ahead", [timedelta(hours=2), -timedelta(hours=2)], ids=["two hours ahead", "two hours behind"])
def test_a_clock_that_is_far_off_the_brokers_is_refused_with_a_sentence(server_settings, agency, ahead):
    with Outbox[str](server_settings) as outbox, pytest.raises(Refused, match=r"7,[12]\d\d s .*(ahead of|behind) the broker's"):
        clock.tick(outbox, b"secret", [INCOMING.of(agency)], datetime.now(UTC) + ahead)


@pytest.mark.parametrize(("apart_s", "said"), [(0, ""), (59, ""), (-61, "61 s behind the broker's"), (299, "299 s ahead of")])
def test_a_clock_that_is_a_little_off_goes_on_and_says_so_from_a_minute_on(caplog, apart_s, said):
    now = datetime.now(UTC)
    clock.compare(now + timedelta(seconds=apart_s), now)
    assert said in caplog.text
    assert bool(caplog.text) is bool(said)


def test_each_lanes_own_partition_has_a_tick_too(server_settings, agency):
    create_topics(server_settings)
    clock.run(server_settings, once=True)
    reader = KafkaConsumer(**kafka_options(server_settings), auto_offset_reset="earliest")
    ends = reader.end_offsets([TopicPartition(CONTROL.name, lane) for lane in range(LANES)])
    reader.close()
    assert all(ends.values())
