"""Reads ``alerts.<agency>``, ``subscriptions`` and ``answers``, writes ``notifications``: decides once what each subscription receives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.notifications import Notification
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ANSWERS, NOTICES, NOTIFICATIONS, SUBSCRIPTIONS, member_of
from mekong.streams.app import Plan, partitions_of
from mekong.streams.aside import Guarded
from mekong.streams.core.belongs import Belongs, of_shared
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices import older
from mekong.streams.core.notices.notify import fold_answers, fold_shared, fold_subscriptions
from mekong.streams.lanes import Changes, Lane, Output, Outputs, State

LANE = 0
_ASKED = frozenset({SUBSCRIPTIONS.name, ANSWERS.name})


def plan(settings: Settings) -> Plan:  # noqa: ARG001 - every plan is made alike
    """Notify has one lane: it has few records, and subscriptions and answers concern every member."""
    return Plan(
        name="notify",
        is_source=lambda topic: topic in _ASKED or member_of(topic) is not None,
        lane_of=lambda tp: LANE,  # noqa: ARG005 - whatever the source
        state=NOTICES.name,
        outputs=partitions_of(NOTIFICATIONS),
        opened=_opened,
        fold=Guarded("notify", _fold, _find),
    )


def _fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
    draft = Draft(state, changes)
    found: Iterable[Notification]
    if source.topic == SUBSCRIPTIONS.name:
        found = fold_subscriptions(draft, records)
    elif source.topic == ANSWERS.name:
        found = fold_answers(draft, records)
    else:
        found = fold_shared(draft, member_of(source.topic) or "", records)
    return {(NOTIFICATIONS.name, 0): [Output(one.subscription.encode(), wire.encode(one)) for one in found]}


async def _opened(lane: Lane, options: Mapping[str, Any]) -> None:  # noqa: ARG001 - as the others
    if changes := older.of_notify(lane.state):
        await lane.change(changes)


def _find(source: TopicPartition, value: dict[str, Any]) -> Belongs:
    member = member_of(source.topic)
    return of_shared(member, value) if member else Belongs()
