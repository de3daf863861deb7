"""Reads ``alerts`` and ``journal``, writes ``alerts.<agency>``: what each member may see, in one order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ALERTS, JOURNAL, MEMBER_ALERTS, SHARE, member_of
from mekong.streams.app import Plan, sources_of
from mekong.streams.aside import Guarded
from mekong.streams.core.belongs import of_alert, of_shared_entry
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices import older
from mekong.streams.core.notices.share import SharedRecord, fold_alerts, fold_journal
from mekong.streams.expected import expected_of
from mekong.streams.lanes import Changes, Lane, Output, Outputs, State

LANE = 0


def plan(settings: Settings) -> Plan:
    """Share has one lane: the journal entries of other agencies decide who may see an alert of one agency."""
    partitions: Collection[int] = ()

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        draft = Draft(state, changes)
        if source.topic == ALERTS.name:
            return _outputs(fold_alerts(draft, records))
        return _outputs(fold_journal(draft, records, source.partition, partitions))

    async def opened(lane: Lane, options: Mapping[str, Any]) -> None:
        nonlocal partitions
        if changes := older.of_share(lane.state):
            await lane.change(changes)
        partitions = (await expected_of(settings, options)).partitions

    return Plan(
        name="share",
        is_source=lambda topic: topic in {ALERTS.name, JOURNAL.name},
        lane_of=lambda tp: LANE,  # noqa: ARG005 - whatever the source
        state=SHARE.name,
        outputs=_output_partitions,
        opened=opened,
        fold=Guarded("share", fold, lambda source, value: of_alert(value) if source.topic == ALERTS.name else of_shared_entry(value)),
    )


def _outputs(found: Iterable[SharedRecord]) -> Outputs:
    outputs: Outputs = {}
    for told in found:
        outputs.setdefault((MEMBER_ALERTS.of(told.member), 0), []).append(Output(told.key.encode(), wire.dump(told.shared)))
    return outputs


async def _output_partitions(_: int, options: Mapping[str, Any]) -> list[TopicPartition]:
    return [TopicPartition(topic, 0) for topic in sorted(await sources_of(lambda topic: member_of(topic) is not None, options))]
