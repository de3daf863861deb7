"""Reads ``journal``, writes ``counts``, ``buckets`` and ``alerts`` of each agency: rolling counts, and days and months that ticks close."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.alerts import Alert
from mekong.schemas.settings import Settings
from mekong.schemas.topics import BUCKETS, COUNTS, DAYS, JOURNAL
from mekong.streams.alert_outputs import put_alerts
from mekong.streams.app import Plan, partitions_of
from mekong.streams.aside import Guarded
from mekong.streams.core.belongs import of_entry
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import read
from mekong.streams.core.spikes.fold import fold_agencies
from mekong.streams.core.watch import EntryOutputs
from mekong.streams.core.watch import fold as watched
from mekong.streams.lanes import Changes, Output, Outputs, State
from mekong.streams.relearn import relearning
from mekong.streams.rules import rules_of


def plan(settings: Settings) -> Plan:
    """Watch reads the journal, with one lane for each partition."""
    rules = rules_of(settings)

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        return _outputs(watched(Draft(state, changes), read(records), rules), source.partition)

    def learn(draft: Draft, source: TopicPartition, records: Iterable[Any]) -> None:  # noqa: ARG001 - as the network's
        list(fold_agencies(draft, read(records), rules))

    return Plan(
        name="watch",
        is_source=lambda topic: topic == JOURNAL.name,
        lane_of=lambda tp: tp.partition,
        state=DAYS.name,
        outputs=partitions_of(COUNTS, BUCKETS),
        fold=Guarded("watch", fold, lambda _, value: of_entry(value)),
        opened=relearning("watch", learn),
    )


def _outputs(found: Iterable[EntryOutputs], partition: int) -> Outputs:
    counts: list[Output] = []
    buckets: list[Output] = []
    alerts: list[Alert] = []
    for one in found:
        if one.of_tick:
            key = one.agency.encode()
            counts += [Output(key, wire.dump(value)) for value in one.of_tick.counts]
            buckets += [Output(key, wire.dump(value)) for value in one.of_tick.buckets]
        alerts += one.alerts
    outputs: Outputs = {(COUNTS.name, partition): counts, (BUCKETS.name, partition): buckets}
    put_alerts(outputs, alerts, partition)
    return outputs
