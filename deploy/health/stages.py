"""Lists the stages that read by a group: what each reads and what it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mekong.schemas.topics import ALERTS, ANSWERS, BUCKETS, CONTROL, COUNTS, JOURNAL, NOTIFICATIONS, SUBSCRIPTIONS, agency_of, member_of


class Stage(NamedTuple):
    """One worker; its name is its group's."""

    name: str
    reads: Callable[[str], bool]
    """Whether a topic is a source of it."""
    writes: Callable[[str], bool]
    is_live: bool = False
    """Only where the time is the wall clock's."""


def _any_of(*names: str) -> Callable[[str], bool]:
    return frozenset(names).__contains__


STAGES = (
    Stage("intake", lambda topic: topic == CONTROL.name or agency_of(topic) is not None, _any_of(JOURNAL.name)),
    Stage("watch", _any_of(JOURNAL.name), _any_of(COUNTS.name, BUCKETS.name)),
    Stage("network", _any_of(JOURNAL.name), _any_of(ALERTS.name)),
    Stage("share", _any_of(JOURNAL.name, ALERTS.name), lambda topic: member_of(topic) is not None, is_live=True),
    Stage(
        "notify",
        lambda topic: topic in {SUBSCRIPTIONS.name, ANSWERS.name} or member_of(topic) is not None,
        _any_of(NOTIFICATIONS.name),
        is_live=True,
    ),
)
