"""Declares every topic: name, record type, key, partitions and retention. Settings may give a name a prefix; no name is used again.

A lane is a partition of the journal and of the state topics (docs/architecture.md). The number of lanes is fixed. Only a rebuild can
change it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from mekong.schemas.activations import Claim
from mekong.schemas.alerts import Alert
from mekong.schemas.aside import Aside
from mekong.schemas.control import Control, SourceOrder, Tick
from mekong.schemas.counts import Bucket, Count
from mekong.schemas.decisions import PairDecision
from mekong.schemas.journal import JournalEntry
from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.messages import AGENCY_PATTERN, Message
from mekong.schemas.notifications import Delivery, Notification, Shared
from mekong.schemas.receipts import Receipt
from mekong.schemas.sendings import Sending
from mekong.schemas.subscriptions import Answer, Subscription

LANES = 8
DAY_MS = 86_400_000
_OWN_BYTES = str(4 * 1_048_576)  # limit of the exchange's own topics: a journal entry is larger than its message
MOST_BYTES = int(_OWN_BYTES) - 65_536
"""The largest record that the exchange writes. Its topic accepts a record of this size and the batch around it."""


class Topic(NamedTuple):
    """One topic, or with ``{agency}`` in its name one for each agency."""

    name: str
    holds: Any
    """The record type, as pydantic reads it; None for state that only its lane can read."""
    key: str
    partitions: int
    config: Mapping[str, str]
    purpose: str

    @property
    def per_agency(self) -> bool:
        """Whether each agency has its own topic of this kind."""
        return "{agency}" in self.name

    def of(self, agency: str) -> str:
        """The topic's name for one agency."""
        return self.name.format(agency=agency)


_KEPT = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": _OWN_BYTES}
_COMPACTED = {
    "cleanup.policy": "compact",
    "max.message.bytes": _OWN_BYTES,
    "min.cleanable.dirty.ratio": "0.3",
    "segment.ms": str(DAY_MS // 24),
}

INCOMING = Topic(
    "in.{agency}.v1",
    Message | Control,
    "case_no",
    1,
    {
        "cleanup.policy": "delete",
        "retention.ms": str(30 * DAY_MS),
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "uncompressed",
        "max.message.bytes": str(MAX_MESSAGE_BYTES + 65_536),  # room for the batch around it
    },
    "What one agency sends. Only it, the clock and the operator may write here: the topic is the sender's identity.",
)
RECEIPTS = Topic("receipts.{agency}.v1", Receipt, "case_no", 1, _KEPT, "One receipt for each message of the agency.")
JOURNAL = Topic("journal.v1", JournalEntry, "agency", LANES, _KEPT, "Everything accepted, each version, and ticks. The ordered truth.")
COUNTS = Topic("counts.v1", Count, "agency", LANES, _KEPT, "Rolling counts per agency and commodity group, changed ones at each tick.")
BUCKETS = Topic("buckets.v1", Bucket, "agency", LANES, _KEPT, "Days and months that a tick has closed, and their revisions.")
ALERTS = Topic("alerts.v1", Alert, "series", LANES, _KEPT, "What the statistics say. Internal: an alert names cases of others.")
MEMBER_ALERTS = Topic("alerts.{agency}.v1", Shared, "series", 1, _KEPT, "Alerts and warnings that one member may see.")
CASES = Topic("cases.v1", None, "agency/case_no", LANES, _COMPACTED, "State and positions of intake; read by its lanes only.")
DAYS = Topic("days.v1", None, "agency", LANES, _COMPACTED, "State and positions of watch; read by its lanes only.")
NETWORK = Topic("network.v1", None, "part", LANES, _COMPACTED, "State and positions of network; read by its lane only.")
REGISTRY = Topic(
    "registry.v1",
    None,
    "agency:<code>, phase:<code>, token:<code>:<id>, link:<code>:<id> or secret",
    1,
    _COMPACTED,
    "Agencies and phases of this deployment; hashes of the agencies' tokens and activation links; the secret's fingerprint.",
)
CONTROL = Topic(
    "control.v1",
    SourceOrder | Tick,
    "agency",
    LANES,
    {**_KEPT, "message.timestamp.type": "LogAppendTime"},
    "Orders about agencies' topics, and a tick an hour, for the lane of the same number. Operators, the clock and intake write here.",
)

SHARE = Topic("share.v1", None, "member or event", LANES, _COMPACTED, "State and positions of share; read by its lane only.")
SUBSCRIPTIONS = Topic("subscriptions.v1", Subscription, "id", 1, _COMPACTED, "Who wants to receive what.")
ANSWERS = Topic("answers.v1", Answer, "subscription", 1, _KEPT, "What people do about notifications and alerts.")
NOTIFICATIONS = Topic("notifications.v1", Notification, "subscription", 1, _KEPT, "What goes out, decided once.")
DELIVERIES = Topic("deliveries.v1", Delivery, "subscription", 1, _KEPT, "What became of each notification on its channel.")
NOTICES = Topic("notices.v1", None, "subscription", LANES, _COMPACTED, "State and positions of notify; read by its lane only.")
SENDINGS = Topic("sendings.v1", Sending, "agency/id", 1, _COMPACTED, "The sheets that came over HTTPS: what was sent and what was not.")
ACTIVATIONS = Topic(
    "activations.v1",
    Claim,
    "agency/id",
    1,
    {**_KEPT, "message.timestamp.type": "LogAppendTime"},
    "Which activation links were used, in order: the first claim of a link gets its token. The gateway writes here.",
)
DECISIONS = Topic(
    "decisions.v1", PairDecision, "pair", 1, _KEPT, "What people decided about two cases: the same seizure, linked, different, or undone."
)
ASIDE = Topic("aside.v1", Aside, "stage", 1, _KEPT, "What a worker set aside because our code fails on it.")

TOPICS = (
    INCOMING,
    RECEIPTS,
    JOURNAL,
    COUNTS,
    BUCKETS,
    ALERTS,
    MEMBER_ALERTS,
    SUBSCRIPTIONS,
    ANSWERS,
    NOTIFICATIONS,
    DELIVERIES,
    CASES,
    DAYS,
    NETWORK,
    SHARE,
    NOTICES,
    REGISTRY,
    ASIDE,
    CONTROL,
    SENDINGS,
    ACTIVATIONS,
    DECISIONS,
)
SHARED = tuple(topic for topic in TOPICS if not topic.per_agency)
PER_AGENCY = tuple(topic for topic in TOPICS if topic.per_agency)

_OURS = re.compile("|".join(re.escape(one.name).replace(re.escape("{agency}"), AGENCY_PATTERN[1:-1]) for one in TOPICS))
_INCOMING = re.compile(rf"in\.({AGENCY_PATTERN[1:-1]})\.v\d+")
_MEMBER_ALERTS = re.compile(rf"alerts\.({AGENCY_PATTERN[1:-1]})\.v\d+")


def is_ours(topic: str) -> bool:
    """Whether a topic belongs to the exchange, by its name. The same cluster may have other topics."""
    return _OURS.fullmatch(topic) is not None


def agency_of(topic: str) -> str | None:
    """The agency whose ``in.`` topic this is, or None for any other topic."""
    found = _INCOMING.fullmatch(topic)
    return found[1] if found else None


def member_of(topic: str) -> str | None:
    """The member whose ``alerts.`` topic this is, or None for any other topic."""
    found = _MEMBER_ALERTS.fullmatch(topic)
    return found[1] if found else None


def receipts_of(incoming: str) -> str:
    """The receipts topic that answers an ``in.`` topic."""
    return "receipts." + incoming.removeprefix("in.")


def lane_of(incoming: str) -> int:
    """The lane of an agency's topic, of whatever version; also the journal partition its entries go to."""
    agency = agency_of(incoming)
    return partition_of(incoming if agency is None else INCOMING.of(agency))


def partition_of(key: str) -> int:
    """The partition of a topic of ``LANES`` for what has no lane of its own."""
    return zlib.crc32(key.encode()) % LANES
