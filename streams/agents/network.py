"""``journal`` -> ``alerts``: what only all members together show, once a day is over for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas.settings import Settings
from schemas.topics import JOURNAL, NETWORK
from streams.app import Plan
from streams.core.draft import Draft
from streams.core.journal import read
from streams.core.spikes.clocks import Expected
from streams.core.spikes.fold import fold_network
from streams.expected import expected_of
from streams.lanes import Changes, Lane, Outputs, State
from streams.relearn import relearning
from streams.rules import rules_of
from streams.told import put_alerts

LANE = 0


def plan(settings: Settings) -> Plan:
    """The network, in one lane over all partitions of the journal."""
    rules, expected = rules_of(settings), Expected()

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        outputs: Outputs = {}
        put_alerts(outputs, fold_network(Draft(state, changes), read(records), source.partition, expected, rules))
        return outputs

    def learn(draft: Draft, source: TopicPartition, records: Iterable[Any]) -> None:
        list(fold_network(draft, read(records), source.partition, expected, rules))

    learn_again = relearning(learn)

    async def opened(lane: Lane, options: Mapping[str, Any]) -> None:
        nonlocal expected
        found = await expected_of(settings, options)
        expected = found.among(source.partition for source in lane.positions)  # what is learnt again was told without the others
        await learn_again(lane, options)
        expected = found

    return Plan(
        name="network",
        is_source=lambda topic: topic == JOURNAL.name,
        lane_of=lambda tp: LANE,  # noqa: ARG005 - whatever the source
        state=NETWORK.name,
        fold=fold,
        opened=opened,
    )
