"""``alerts.<agency>``, ``subscriptions`` and ``answers`` -> ``notifications``: what goes out to whom, decided once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import TopicPartition

from schemas import wire
from schemas.notifications import Notification
from schemas.settings import Settings
from schemas.topics import ANSWERS, NOTICES, NOTIFICATIONS, SUBSCRIPTIONS, member_of
from streams.app import Plan
from streams.core.draft import Draft
from streams.core.notices.notify import fold_answers, fold_shared, fold_wishes
from streams.lanes import Changes, Output, Outputs, State

LANE = 0
_ASKED = frozenset({SUBSCRIPTIONS.name, ANSWERS.name})


def plan(settings: Settings) -> Plan:  # noqa: ARG001 - every plan is made alike
    """Notify, in one lane: it is little, and subscriptions and answers concern every member."""

    def fold(state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        draft = Draft(state, changes)
        found: Iterable[Notification]
        if source.topic == SUBSCRIPTIONS.name:
            found = fold_wishes(draft, records)
        elif source.topic == ANSWERS.name:
            found = fold_answers(draft, records)
        else:
            found = fold_shared(draft, member_of(source.topic) or "", records)
        return {(NOTIFICATIONS.name, 0): [Output(one.subscription.encode(), wire.encode(one)) for one in found]}

    return Plan(
        name="notify",
        is_source=lambda topic: topic in _ASKED or member_of(topic) is not None,
        lane_of=lambda tp: LANE,  # noqa: ARG005 - whatever the source
        state=NOTICES.name,
        fold=fold,
    )
