"""Checks before a process starts that it can do its work. If not, one sentence says why: the secret is wrong, or named rights are missing.

The check is made before anything is read or written. It does not demand the right to look: what this user may not see is not compared.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kafka.errors import TopicAuthorizationFailedError, for_code

from mekong.deploy.registry import read_compacted
from mekong.deploy.secret import compare
from mekong.deploy.topics import admin_client
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import (
    ACTIVATIONS,
    ALERTS,
    ANSWERS,
    ASIDE,
    BUCKETS,
    CASES,
    CONTROL,
    COUNTS,
    DAYS,
    DECISIONS,
    DELIVERIES,
    INCOMING,
    JOURNAL,
    MEMBER_ALERTS,
    NETWORK,
    NOTICES,
    NOTIFICATIONS,
    RECEIPTS,
    REGISTRY,
    SENDINGS,
    SHARE,
    SUBSCRIPTIONS,
    Topic,
)

log = logging.getLogger(__name__)

_BITS = {"READ": 1 << 3, "WRITE": 1 << 4}
"""The number of an operation in the broker's answer about rights (https://kafka.apache.org/protocol: AclOperation)."""
_NOT_TOLD = -(2**31)
NEEDS: Mapping[str, Mapping[str, tuple[Topic, ...]]] = {
    "intake": {"READ": (INCOMING, CASES, CONTROL), "WRITE": (JOURNAL, RECEIPTS, CASES, CONTROL)},
    "watch": {"READ": (JOURNAL, DAYS, ASIDE), "WRITE": (DAYS, COUNTS, BUCKETS, ALERTS, ASIDE)},
    "network": {"READ": (JOURNAL, NETWORK, ASIDE), "WRITE": (NETWORK, ALERTS, ASIDE)},
    "share": {"READ": (JOURNAL, ALERTS, SHARE), "WRITE": (SHARE, MEMBER_ALERTS, ASIDE)},
    "notify": {"READ": (MEMBER_ALERTS, SUBSCRIPTIONS, ANSWERS, NOTICES), "WRITE": (NOTICES, NOTIFICATIONS, ASIDE)},
    "notifier": {"READ": (SUBSCRIPTIONS, NOTIFICATIONS, DELIVERIES), "WRITE": (DELIVERIES,)},
    "sink": {"READ": (JOURNAL, RECEIPTS, COUNTS, BUCKETS, ALERTS, NOTIFICATIONS, DELIVERIES, ANSWERS, DECISIONS)},
    "clock": {"WRITE": (INCOMING, CONTROL)},
    "replay": {"WRITE": (INCOMING,)},
    "gateway": {
        "READ": (REGISTRY, INCOMING, RECEIPTS, MEMBER_ALERTS, SENDINGS, ACTIVATIONS),
        "WRITE": (INCOMING, SENDINGS, ACTIVATIONS),
    },
    "web": {
        "READ": (REGISTRY, INCOMING, RECEIPTS, MEMBER_ALERTS, NOTIFICATIONS, SENDINGS, ACTIVATIONS),
        "WRITE": (INCOMING, ANSWERS, SENDINGS, ACTIVATIONS),
    },
}
"""Process -> operation -> topics. A missing right to an agency's own topic parks that topic, and stops no process: it is only reported."""

_WITHOUT_SECRET = frozenset({"sink", "gateway"})
"""These processes do not sign and do not check a signature: they may run without a secret."""


class Missing(NamedTuple):
    """A right that a process needs and its user does not have."""

    operation: str
    topic: str
    is_of_agency: bool


def look(settings: Settings, process: str) -> None:
    """Raises Refused, with the reason, when ``process`` cannot work here. Checks nothing when no server answers: processes can wait."""
    try:
        with admin_client(settings, "look at the topics and the rights to them") as admin:
            found = {one["name"]: one for one in admin.describe_topics()}
            unseen = [
                topic.name for topics in NEEDS[process].values() for topic in topics if not topic.per_agency and topic.name not in found
            ]
            found |= {one["name"]: one for one in admin.describe_topics(unseen)} if unseen else {}
        _refuse(settings, process, list(_missing(found, process)))
        if process not in _WITHOUT_SECRET and REGISTRY.name in found and _may(found[REGISTRY.name], "READ"):
            compare(settings, read_compacted(settings, REGISTRY.name))
    except Retriable as exc:
        log.warning("%s", exc)


def _refuse(settings: Settings, process: str, missing: Sequence[Missing]) -> None:
    user = settings.kafka_username or "this client"
    ours = [f"{one.operation} topic {one.topic}" for one in missing if not one.is_of_agency]
    if ours:
        raise Refused(f"user {user} may not {', '.join(ours)}, which {process} needs: give it the right.")
    for one in missing:
        log.warning("user %s may not %s topic %s, which %s needs", user, one.operation, one.topic, process)


def _missing(found: Mapping[str, Mapping[str, Any]], process: str) -> Iterator[Missing]:
    for operation, topics in NEEDS[process].items():
        for topic in topics:
            for name in sorted(name for name in found if _is(name, topic)):
                if not _may(found[name], operation):
                    yield Missing(operation, name, topic.per_agency)


def _is(name: str, topic: Topic) -> bool:
    """Whether a topic is ``topic``, or one of its kind where each agency has one."""
    before, _, behind = topic.name.partition("{agency}")
    return name.startswith(before) and name.endswith(behind) and "." in name[len(before) :] if topic.per_agency else name == topic.name


def _may(described: Mapping[str, Any], operation: str) -> bool:
    """Whether the broker allows an operation on a topic. False when this user may not even see it; True when rights are not reported."""
    if for_code(described["error_code"]) is TopicAuthorizationFailedError:
        return False
    allowed = described.get("topic_authorized_operations", _NOT_TOLD)
    return bool(allowed == _NOT_TOLD or allowed & _BITS[operation])
