"""The records of subscriptions and of answers to notifications: ``subscriptions.v1`` (compacted) and ``answers.v1``.

The input of a person is checked strictly. A record on a topic is checked less strictly, because one old record must not stop its readers.
"""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from mekong.schemas.channels import AnyChannel, is_read
from mekong.schemas.languages import Language
from mekong.schemas.messages import AgencyCode, Group
from mekong.schemas.record import Moment, Record

SubscriptionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]


def _local_time(at: time, info: ValidationInfo) -> time:
    if at.tzinfo is not None and not is_read(info):
        raise PydanticCustomError("bad_quiet_hours", "is a time of the member's own day: give it without an offset, as 22:00")
    return at.replace(tzinfo=None)


LocalTime = Annotated[
    time,
    AfterValidator(_local_time),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$", "examples": ["22:00:00"]}),
]
"""A time of the member's own day. The format ``time`` of JSON Schema is a time with an offset from UTC, so the schema has a pattern."""


class Filter(Record):
    """Which alerts a subscriber receives. An empty field does not filter."""

    agencies: tuple[AgencyCode, ...] = ()
    commodity_groups: tuple[Group, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of alert (schemas/alerts.py)."""
    tiers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class QuietHours(Record):
    """Between ``start`` and ``end``, at the member's UTC offset, only SEVERE alerts and members' messages are sent.

    All others wait for the end.
    """

    start: LocalTime
    end: LocalTime


class Subscription(Record):
    """One subscriber's wish. The key of its topic is ``id``; a removed one is a record with ``state`` removed."""

    format: int = 1
    id: SubscriptionId
    member: AgencyCode
    """The member for whom the subscription is. It sees what this member may see."""
    channel: AnyChannel
    filter: Filter = Filter()
    language: Language = "en"
    budget_per_week: Annotated[int, Field(ge=0, le=1_000)] = 2
    """The most alerts that are sent at once in any 7 days: the strongest. The others are in a daily digest. Warnings do not count."""
    digest_hour: Annotated[int, Field(ge=0, le=23)] = 8
    """Hour of the member's day at which digests and the daily sign of life go out."""
    quiet: QuietHours | None = None
    weekly: bool | None = None
    """Whether the summary of the week goes out on Monday at ``digest_hour``. None: as the channel has it, which is yes for a mail."""
    state: Literal["active", "paused", "removed"] = "active"
    changed_at: Moment

    @property
    def wants_weekly(self) -> bool:
        """Whether it gets the weekly summary."""
        return self.channel.has_weekly if self.weekly is None else self.weekly


Verdict = Literal["real", "explained", "false"]


class AnswerKind(StrEnum):
    """What a subscriber does about a notification."""

    ACKNOWLEDGE = "acknowledge"
    MUTE = "mute"  # a series, with a reason and an end
    VERDICT = "verdict"  # real, explained or false: a label for back-tests
    NOTE = "note"  # hand-over to the next on duty
    SNOOZE = "snooze"  # one alert, until a time: at the live page
    UNDO = "undo"  # an earlier answer of the same person counts no longer: at the live page
    TEST = "test"  # asks for a test notification on the channel


class Answer(Record):
    """On ``answers.v1``, keyed by subscription."""

    format: int = 1
    subscription: SubscriptionId
    """Who answers. Of an answer with an ``alert_id`` it is the short name that a person gave at the live page, and no subscription."""
    kind: AnswerKind
    at: Moment
    notification_id: UUID | None = None
    alert_id: UUID | None = None
    """The alert (one of its states) that a person answered at the live page. Such an answer is about no notification."""
    series: str | None = None
    """The series of a mute, or of a verdict on one alert of several."""
    until: Moment | None = None
    """End of a mute, or of a snooze."""
    verdict: Verdict | None = None
    text: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    """Reason of a mute or verdict, or the note."""
    answer_id: UUID | None = None
    """The nonce of an answer that came by a form. The same form sent again has the same nonce."""
    undoes: UUID | None = None
    """The ``answer_id`` of the answer that counts no longer."""
