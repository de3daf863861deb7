"""A lane whose state is put in place of another, by a process that is killed on the way: no worker starts on what is half there."""

import asyncio

import pytest
from aiokafka import TopicPartition

from mekong.schemas.errors import Refused
from mekong.schemas.topics import CASES
from mekong.streams.agents import AGENTS
from mekong.streams.app import build, connection
from mekong.streams.lanes import Lane

SOURCE = TopicPartition("in.VN-CUSTOMS.v1", 0)


class Killed(BaseException):
    """The process ends here."""


def killed_after(transactions, lane):
    """The lane, whose process ends when it begins the next transaction."""
    commit, done = lane._commit, []

    async def commit_or_end(*what):
        if len(done) == transactions:
            raise Killed
        done.append(what)
        await commit(*what)

    lane._commit = commit_or_end
    return lane


async def rebuilt(lane, state, positions):
    await lane.forget_positions()
    await lane.replace(state, positions)
    await lane.close()


def test_a_lane_that_is_half_replaced_is_refused_until_it_is_whole(deployment, monkeypatch):
    monkeypatch.setattr("mekong.streams.lanes.REPLACE_RECORDS", 2)
    options = connection(deployment.settings)
    app = build(AGENTS["intake"](deployment.settings), deployment.settings, frozenset({SOURCE.topic}))
    old, new = ({b"k%d" % number: value for number in range(6)} for value in (b"up to 100", b"up to 50"))

    async def opened():
        return await Lane(0, TopicPartition(CASES.name, 0), "intake-0", options).open()

    async def run():
        for transactions in range(5):  # one for the positions, three for the state, one for the new positions
            await rebuilt(await opened(), old, {SOURCE: 100})
            killed = killed_after(transactions, await opened())
            with pytest.raises(Killed):
                await rebuilt(killed, new, {SOURCE: 50})
            await killed.close()
            if transactions:
                with pytest.raises(Refused, match="Run `mekong rebuild intake` again"):
                    await app.open_lane(0)
                await rebuilt(await opened(), new, {SOURCE: 50})
            lane = await app.open_lane(0)
            await lane.close()
            assert (lane.state, lane.positions) == ((new, {SOURCE: 50}) if transactions else (old, {SOURCE: 100}))

    asyncio.run(run())
