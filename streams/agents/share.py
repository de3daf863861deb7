"""``alerts`` and ``journal`` -> ``alerts.<agency>``: what each member may see, in one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas import wire
from schemas.settings import Settings
from schemas.topics import ALERTS, JOURNAL, MEMBER_ALERTS, SHARE
from streams.app import Plan
from streams.core.draft import Draft
from streams.core.notices.share import fold_alerts, fold_journal
from streams.lanes import Changes, Output, Outputs, State

LANE = 0


def plan(settings: Settings) -> Plan:  # noqa: ARG001 - every plan is made alike
    """Share, in one lane: who may see an alert of one agency is known from the journal of others."""

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        outputs: Outputs = {}
        draft = Draft(state, changes)
        of_alerts = source.topic == ALERTS.name
        for told in fold_alerts(draft, records) if of_alerts else fold_journal(draft, records, source.partition):
            where = (MEMBER_ALERTS.of(told.member), 0)
            outputs.setdefault(where, []).append(Output(told.key.encode(), wire.dump(told.shared)))
        return outputs

    return Plan(
        name="share",
        is_source=lambda topic: topic in {ALERTS.name, JOURNAL.name},
        lane_of=lambda tp: LANE,  # noqa: ARG005 - whatever the source
        state=SHARE.name,
        fold=fold,
    )
