"""The Faust app of an agent, without a broker."""

from __future__ import annotations

import asyncio
import logging

import pytest

from schemas.settings import Settings
from schemas.topics import INCOMING
from streams.agents import AGENTS
from streams.app import OPEN_WITHIN_S, build, wait_for_sources
from streams.consumer import REQUEST_MS

SOURCES = frozenset({INCOMING.of("VN-CUSTOMS")})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path))
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("MEKONG_SECRET", "secret of the test")
    return Settings()


@pytest.fixture
def app(here):
    return build(AGENTS["intake"](here), here, SOURCES)


@pytest.mark.parametrize(("answers", "said"), [([SOURCES], ""), ([frozenset(), SOURCES], "intake ready: waiting for a source")])
def test_a_worker_is_ready_before_it_has_lanes_only_where_there_is_no_source(here, caplog, monkeypatch, answers, said):
    async def asked(*_):
        return answers.pop(0)

    monkeypatch.setattr("streams.app.sources_of", asked)
    with caplog.at_level(logging.INFO, logger="streams.app"):
        assert wait_for_sources(AGENTS["intake"](here), here) == SOURCES
    assert said in caplog.text
    assert ("ready" in caplog.text) is bool(said)


def test_a_worker_says_that_it_is_ready_when_the_lanes_of_its_assignment_are_open(app, caplog):
    with caplog.at_level(logging.INFO, logger="streams.app"):
        app.on_rebalance_start()
        assert "intake ready" not in caplog.text
        app.on_rebalance_end()
    assert "intake ready: 1 sources" in caplog.text


def test_opening_lanes_may_take_longer_than_a_request(app):
    async def client():
        consumer = app.consumer
        return consumer._thread._create_worker_consumer(consumer.transport)

    made = asyncio.run(client())
    assert made._request_timeout_ms == made._client._request_timeout_ms == REQUEST_MS
    assert app.conf.broker_request_timeout == OPEN_WITHIN_S > REQUEST_MS / 1_000
