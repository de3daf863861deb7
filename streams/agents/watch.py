"""``journal`` -> ``counts``, ``buckets`` and ``alerts``: rolling per-agency counts, days and months that ticks close, per-agency alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas import wire
from schemas.alerts import Alert
from schemas.settings import Settings
from schemas.topics import BUCKETS, COUNTS, DAYS, JOURNAL
from streams.app import Plan
from streams.core.draft import Draft
from streams.core.journal import read
from streams.core.spikes.fold import fold_agencies
from streams.core.watch import fold as watched
from streams.lanes import Changes, Output, Outputs, State
from streams.relearn import relearning
from streams.rules import rules_of
from streams.told import put_alerts


def plan(settings: Settings) -> Plan:
    """Watch over the journal, a lane per partition."""
    rules = rules_of(settings)

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        counts: list[Output] = []
        buckets: list[Output] = []
        alerts: list[Alert] = []
        for seen in watched(Draft(state, changes), read(records), rules):
            if seen.told:
                key = seen.agency.encode()
                counts += [Output(key, wire.dump(value)) for value in seen.told.counts]
                buckets += [Output(key, wire.dump(value)) for value in seen.told.buckets]
            alerts += seen.alerts
        outputs: Outputs = {(COUNTS.name, source.partition): counts, (BUCKETS.name, source.partition): buckets}
        put_alerts(outputs, alerts, source.partition)
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
