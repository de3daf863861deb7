"""Reads ``in.<agency>`` and ``control``, writes ``journal`` and ``receipts.<agency>``: one receipt for each message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.settings import Settings
from mekong.schemas.topics import CASES, CONTROL, JOURNAL, agency_of, lane_of, receipts_of
from mekong.streams.app import Plan, partitions_of
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.intake.orders import fold_orders
from mekong.streams.core.intake.outputs import IntakeOutput
from mekong.streams.lanes import Changes, Output, Outputs, State
from mekong.streams.parking import Parking


def plan(settings: Settings) -> Plan:
    """Intake reads every agency's topic, with one lane for each group of agencies."""
    intake = Intake(Deployment(settings.deployment_secret(), settings.clock_is_on(), settings.control_keys()))

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        if source.topic == CONTROL.name:
            ordered = fold_orders(Draft(state, changes), intake.deployment, source.topic, records)
            return {(JOURNAL.name, source.partition): [Output(one.agency.encode(), wire.dump(one.entry)) for one in ordered]}
        agency = agency_of(source.topic) or ""
        return _outputs(intake.fold(Draft(state, changes), source.topic, agency, records), source.topic, agency.encode())

    return Plan(
        name="intake",
        is_source=lambda topic: topic == CONTROL.name or agency_of(topic) is not None,
        lane_of=lambda tp: tp.partition if tp.topic == CONTROL.name else lane_of(tp.topic),
        state=CASES.name,
        fold=fold,
        outputs=partitions_of(JOURNAL),
        parking=Parking(settings.control_keys().signing),
    )


def _outputs(found: Iterable[IntakeOutput], topic: str, key: bytes) -> Outputs:
    entries: list[Output] = []
    receipts: list[Output] = []
    for output in found:
        if output.entry is not None:
            entries.append(Output(key, wire.dump(output.entry)))
        if output.receipt is not None:
            receipts.append(Output(output.case_no.encode() if output.case_no else None, wire.dump(output.receipt)))
    return {(JOURNAL.name, lane_of(topic)): entries, (receipts_of(topic), 0): receipts}
