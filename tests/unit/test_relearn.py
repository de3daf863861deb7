"""Detectors' state learnt again: cut at any commit it goes on where it was, and ends in the same state."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest
from aiokafka import TopicPartition

from mekong.schemas.errors import Refused
from mekong.streams import relearn
from mekong.streams.aside import LeftOut
from mekong.streams.core.spikes.fold import MARK, VERSION

SOURCES = {TopicPartition("journal.v1", 0): 90, TopicPartition("journal.v1", 1): 35}
KEPT = {b"VN-CUSTOMS/clock": b"counts are not learnt again"}


class At(NamedTuple):
    offset: int


class CutError(Exception):
    """The process was killed."""


class Lane:
    """A lane's state, and a limit of commits."""

    name = "watch-0"

    def __init__(self, state, commits=10**9):
        self.state, self.positions, self.commits = dict(state), dict(SOURCES), commits

    async def change(self, changes):
        if self.commits == 0:
            raise CutError
        self.commits -= 1
        self.state.update({key: value for key, value in changes.items() if value is not None})
        for key in [key for key, value in changes.items() if value is None]:
            self.state.pop(key, None)


def learn(draft, source, records):
    """A detector that adds up offsets, and marks the state as the fold does."""
    key = b"A%d-CUSTOMS/spikes/who" % source.partition
    draft.put_raw(MARK, b"%d" % VERSION)
    draft.put_raw(key, b"%d" % (int(draft.raw(key) or 0) + sum(record.offset for record in records)))


@pytest.fixture
def read_from(monkeypatch):
    """Where each reading began."""
    begins = []

    async def in_parts(source, position, options, first=0):
        begins.append(first)
        for at in range(first, position, 10):
            yield [At(offset) for offset in range(at, min(at + 10, position))]

    async def left_by(stage, options):
        return LeftOut({TopicPartition("journal.v1", 1): {3: ()}}, {TopicPartition("journal.v1", 0): {7}})

    monkeypatch.setattr(relearn, "in_parts", in_parts)
    monkeypatch.setattr(relearn, "left_by", left_by)
    monkeypatch.setattr(relearn, "AT_ONCE", 20)
    return begins


def again(lane):
    asyncio.run(relearn.relearn(lane, {}, "watch", learn))


OLD = {**KEPT, MARK: b"1", b"A0-CUSTOMS/spikes/who": b"of another version"}


def test_it_goes_on_where_it_was_cut_and_ends_in_the_same_state(read_from):
    whole = Lane(OLD)
    again(whole)
    assert whole.state == {
        **KEPT,
        MARK: b"%d" % VERSION,
        b"A0-CUSTOMS/spikes/who": b"%d" % sum(range(90)),
        b"A1-CUSTOMS/spikes/who": b"%d" % (sum(range(35)) - 3),
    }
    needed = 10**9 - whole.commits
    for commits in range(needed):
        cut = Lane(OLD, commits)
        with pytest.raises(CutError):
            again(cut)
        cut.commits = 10**9
        again(cut)
        assert cut.state == whole.state
    assert {20, 80, 90} <= set(read_from)  # it did not begin anew


def test_cut_after_each_commit_it_comes_to_its_end(read_from):
    lane = Lane(OLD)
    for _ in range(100):
        lane.commits = 1
        try:
            again(lane)
        except CutError:
            continue
        break
    assert lane.state[MARK] == b"%d" % VERSION


def test_what_was_half_learnt_by_another_version_is_begun_anew(read_from):
    lane = Lane({**KEPT, relearn.LEARNING: b"1", relearn.LEARNT + b"journal.v1/0": b"70", b"A0-CUSTOMS/spikes/who": b"12"})
    again(lane)
    assert lane.state[b"A0-CUSTOMS/spikes/who"] == b"%d" % sum(range(90))
    assert not [key for key in lane.state if key.startswith(b"@learn")]


@pytest.mark.parametrize("key", [MARK, relearn.LEARNING])
def test_newer_code_is_not_overruled(read_from, key):
    with pytest.raises(Refused, match=f"version {VERSION + 1}"):
        again(Lane({**KEPT, key: b"%d" % (VERSION + 1)}))
