"""``journal`` -> ``counts``, ``buckets`` and ``alerts``: rolling per-agency counts, days and months that ticks close, per-agency alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas import wire
from schemas.settings import Settings
from schemas.topics import BUCKETS, COUNTS, DAYS, JOURNAL
from streams.app import Plan
from streams.core.counts.fold import fold as fold_counts
from streams.core.draft import Draft
from streams.core.journal import read
from streams.core.spikes.fold import fold_agencies
from streams.lanes import Changes, Output, Outputs, State
from streams.relearn import relearning
from streams.rules import rules_of
from streams.told import put_alerts


def plan(settings: Settings) -> Plan:
    """Watch over the journal, a lane per partition."""
    rules = rules_of(settings)

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        draft, entries = Draft(state, changes), read(records)
        counts: list[Output] = []
        buckets: list[Output] = []
        for agency, told in fold_counts(draft, entries):
            key = agency.encode()
            counts += [Output(key, wire.dump(value)) for value in told.counts]
            buckets += [Output(key, wire.dump(value)) for value in told.buckets]
        outputs: Outputs = {(COUNTS.name, source.partition): counts, (BUCKETS.name, source.partition): buckets}
        put_alerts(outputs, fold_agencies(draft, entries, rules), source.partition)
        return outputs

    def learn(draft: Draft, source: TopicPartition, records: Iterable[Any]) -> None:  # noqa: ARG001 - as the network's
        list(fold_agencies(draft, read(records), rules))

    return Plan(
        name="watch",
        is_source=lambda topic: topic == JOURNAL.name,
        lane_of=lambda tp: tp.partition,
        state=DAYS.name,
        fold=fold,
        opened=relearning(learn),
    )
