"""Reads ``journal`` and writes ``alerts`` over all members together, when a day is over for each member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ALERTS, JOURNAL, LANES, NETWORK
from mekong.streams.alert_outputs import put_alerts
from mekong.streams.app import Plan
from mekong.streams.aside import Guarded
from mekong.streams.core.belongs import of_entry
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import read
from mekong.streams.core.spikes.fold import fold_network
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.expected import expected_of
from mekong.streams.lanes import Changes, Lane, Outputs, State
from mekong.streams.relearn import relearning
from mekong.streams.rules import rules_of

LANE = 0


def plan(settings: Settings) -> Plan:
    """Network reads all partitions of the journal in one lane."""
    rules, expected = rules_of(settings), Expected()

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        outputs: Outputs = {}
        put_alerts(outputs, fold_network(Draft(state, changes), read(records), source.partition, expected, rules))
        return outputs

    def learn(draft: Draft, source: TopicPartition, records: Iterable[Any]) -> None:
        list(fold_network(draft, read(records), source.partition, expected, rules))

    learn_again = relearning("network", learn)

    async def opened(lane: Lane, options: Mapping[str, Any]) -> None:
        nonlocal expected
        found = await expected_of(settings, options)
        expected = found.among(source.partition for source in lane.positions)  # the past was judged without the others
        await learn_again(lane, options)
        expected = found

    return Plan(
        name="network",
        is_source=lambda topic: topic == JOURNAL.name,
        lane_of=lambda tp: LANE,  # noqa: ARG005 - whatever the source
        state=NETWORK.name,
        fold=Guarded("network", fold, lambda _, value: of_entry(value)),
        opened=opened,
        outputs=_output_partitions,
        is_its=lambda raw: bool(wire.load(raw).get("network")),
    )


async def _output_partitions(_: int, __: Mapping[str, Any]) -> list[TopicPartition]:
    return [TopicPartition(ALERTS.name, number) for number in range(LANES)]
