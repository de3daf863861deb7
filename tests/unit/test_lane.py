"""A lane's transaction, without a broker."""

import asyncio
from types import SimpleNamespace

from aiokafka import TopicPartition

from mekong.streams.lanes import Lane, ReadPosition, Run

SOURCE = TopicPartition("in.VN-CUSTOMS.v1", 0)


def run(lane, first, last):
    return Run(
        lane, SOURCE, ReadPosition(first), None, first, last, 10, [SimpleNamespace(offset=offset) for offset in range(first, last + 1)]
    )


def test_records_that_come_twice_are_folded_once_also_within_a_transaction():
    """A source that was given away and came back while some of it still waited is read again from its stored position."""
    folded, committed = [], []

    def fold(state, changes, source, records):
        folded.extend(record.offset for record in records)
        return {}

    async def commit(positions, outputs, changes):
        committed.append(positions)
        lane.positions.update(positions)

    lane = Lane(0, TopicPartition("cases.v1", 0), "intake-0", {})
    lane.positions, lane._commit = {SOURCE: 3}, commit
    asyncio.run(lane.transact([run(lane, 2, 5), run(lane, 3, 7)], fold))
    asyncio.run(lane.transact([run(lane, 3, 7)], fold))
    assert folded == [3, 4, 5, 6, 7]
    assert committed == [{SOURCE: 8}]
