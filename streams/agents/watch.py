"""``journal`` -> ``counts`` and ``buckets``: rolling per-agency counts, and the days and months that ticks close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas import wire
from schemas.settings import Settings
from schemas.topics import BUCKETS, COUNTS, DAYS, JOURNAL
from streams.app import Plan
from streams.core.counts.fold import fold as fold_entries
from streams.core.draft import Draft
from streams.lanes import Changes, Output, Outputs, State


def plan(settings: Settings) -> Plan:  # noqa: ARG001 - every plan is made alike
    """Watch over the journal, a lane per partition."""

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        counts: list[Output] = []
        buckets: list[Output] = []
        for agency, told in fold_entries(Draft(state, changes), records):
            key = agency.encode()
            counts += [Output(key, wire.dump(value)) for value in told.counts]
            buckets += [Output(key, wire.dump(value)) for value in told.buckets]
        return {(COUNTS.name, source.partition): counts, (BUCKETS.name, source.partition): buckets}

    return Plan(name="watch", is_source=lambda topic: topic == JOURNAL.name, lane_of=lambda tp: tp.partition, state=DAYS.name, fold=fold)
