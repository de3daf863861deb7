"""``in.<agency>`` -> ``journal`` and ``receipts.<agency>``: one message, one receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas import wire
from schemas.settings import Settings
from schemas.topics import CASES, JOURNAL, agency_of, lane_of, receipts_of
from streams.app import Plan
from streams.core.draft import Draft
from streams.core.intake.control import Deployment
from streams.core.intake.fold import Intake
from streams.lanes import Changes, Output, Outputs, State


def plan(settings: Settings) -> Plan:
    """Intake over every agency's topic, a lane per group of agencies."""
    intake = Intake(Deployment(settings.deployment_secret(), settings.clock_is_on()))

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        agency = agency_of(source.topic) or ""
        entries: list[Output] = []
        receipts: list[Output] = []
        key = agency.encode()
        for said in intake.fold(Draft(state, changes), source.topic, agency, records):
            if said.entry is not None:
                entries.append(Output(key, wire.dump(said.entry)))
            if said.receipt is not None:
                receipts.append(Output(said.case_no.encode() if said.case_no else None, wire.dump(said.receipt)))
        return {(JOURNAL.name, lane_of(source.topic)): entries, (receipts_of(source.topic), 0): receipts}

    return Plan(
        name="intake",
        is_source=lambda topic: agency_of(topic) is not None,
        lane_of=lambda tp: lane_of(tp.topic),
        state=CASES.name,
        fold=fold,
    )
