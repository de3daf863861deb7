"""The Faust app of an agent, without a broker."""

from __future__ import annotations

import asyncio
import logging

import pytest

from mekong.schemas.settings import Settings
from mekong.schemas.topics import CONTROL, INCOMING
from mekong.streams.agents import AGENTS
from mekong.streams.app import build, wait_for_sources

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


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([SOURCES], ""),
        ([frozenset(), SOURCES], "intake ready: waiting for a source"),
        ([frozenset({CONTROL.name}), SOURCES], "intake ready: waiting for a source"),
    ],
)
def test_a_worker_is_ready_before_it_has_lanes_only_where_there_is_no_source(here, caplog, monkeypatch, answers, said):
    async def asked(*_):
        return answers.pop(0)

    monkeypatch.setattr("mekong.streams.app.sources_of", asked)
    with caplog.at_level(logging.INFO, logger="mekong.streams.app"):
        assert wait_for_sources(AGENTS["intake"](here), here) == SOURCES
    assert said in caplog.text
    assert ("ready" in caplog.text) is bool(said)


def test_a_worker_says_that_it_is_ready_when_the_lanes_of_its_assignment_are_open(app, caplog):
    with caplog.at_level(logging.INFO, logger="mekong.streams.app"):
        app.on_rebalance_start()
        app.on_rebalance_end()
        assert "intake ready" not in caplog.text
        app.say_ready()
    assert "intake ready: 1 sources" in caplog.text


def test_new_sources_are_read_without_a_new_start(app, monkeypatch):
    async def followed(topics):
        asked.append(topics)

    async def run():
        app.topics.add(app.topic(*SOURCES))
        monkeypatch.setattr(app.consumer, "follow", followed)
        await app.follow(SOURCES | {"in.LA-CUSTOMS.v1"})

    asked = []
    asyncio.run(run())
    assert app.sources == SOURCES | {"in.LA-CUSTOMS.v1"}
    assert asked == [app.sources]
    assert {name for topic in app.topics for name in topic.topics} == app.sources
