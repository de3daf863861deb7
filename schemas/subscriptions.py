"""Who wants to hear of what, and what they answer: ``subscriptions.v1`` (compacted) and ``answers.v1``.

What a person gives is checked strictly. What stands in a topic is read more widely: one old record must not stop its readers.
"""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from schemas.messages import AgencyCode, Group
from schemas.record import Moment, Record

Language = Literal["en", "vi", "zh"]
SubscriptionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
_ATOM = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"  # without "?", which begins an encoded word
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_MAIL_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")


def _mail_address(text: str, info: ValidationInfo) -> str:
    """RFC 5322, 3.4.1, as people write addresses: a dot-atom and a name of a host; no quotes, comments or literals."""
    if not _is_read(info) and not _MAIL_ADDRESS.fullmatch(text):
        raise PydanticCustomError("bad_mail_address", "is no mail address: give it alone and in ASCII, as duty@example.org")
    return text


def _local_time(at: time, info: ValidationInfo) -> time:
    if at.tzinfo is not None and not _is_read(info):
        raise PydanticCustomError("bad_quiet_hours", "is a time of the member's own day: give it without an offset, as 22:00")
    return at.replace(tzinfo=None)


def _is_read(info: ValidationInfo) -> bool:
    """Whether it comes as JSON, from a topic."""
    return info.mode == "json"


class Filter(Record):
    """What a subscriber hears of. An empty part lets everything through."""

    agencies: tuple[AgencyCode, ...] = ()
    commodity_groups: tuple[Group, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of alert (schemas/alerts.py)."""
    tiers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Webhook(Record):
    """Standard Webhooks: a POST signed with HMAC-SHA256."""

    channel: Literal["webhook"] = "webhook"
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)]
    secret_name: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,60}$")]
    """The secret is read by the notifier from ``MEKONG_WEBHOOK_SECRET_<name>``; it never travels."""


class Mail(Record):
    """Plain text and HTML by SMTP."""

    channel: Literal["mail"] = "mail"
    to: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200), AfterValidator(_mail_address)]


class Stream(Record):
    """Server-sent events and the terminal: nothing is pushed, the subscriber reads."""

    channel: Literal["stream"] = "stream"


class QuietHours(Record):
    """From ``start`` to ``end`` at the member's UTC offset: SEVERE alerts and members' messages go out, all else waits for the end."""

    start: Annotated[time, AfterValidator(_local_time)]
    end: Annotated[time, AfterValidator(_local_time)]


class Subscription(Record):
    """One subscriber's wish. The key of its topic is ``id``; a removed one is a record with ``state`` removed."""

    format: int = 1
    id: SubscriptionId
    member: AgencyCode
    """On whose behalf: it sees what this member may see."""
    channel: Annotated[Webhook | Mail | Stream, Discriminator("channel")]
    filter: Filter = Filter()
    language: Language = "en"
    budget_per_week: Annotated[int, Field(ge=0, le=1_000)] = 2
    """At most so many at once in any 7 days, the strongest; the rest comes in a daily digest. Warnings stand outside."""
    digest_hour: Annotated[int, Field(ge=0, le=23)] = 8
    """Hour of the member's day at which digests and the daily sign of life go out."""
    quiet: QuietHours | None = None
    state: Literal["active", "paused", "removed"] = "active"
    changed_at: Moment


class AnswerKind(StrEnum):
    """What a subscriber does about a notification."""

    ACKNOWLEDGE = "acknowledge"
    MUTE = "mute"  # a series, with a reason and an end
    VERDICT = "verdict"  # real, explained or false: a label for back-tests
    NOTE = "note"  # hand-over to the next on duty
    TEST = "test"  # asks for a test notification on the channel


class Answer(Record):
    """On ``answers.v1``, keyed by subscription."""

    format: int = 1
    subscription: SubscriptionId
    kind: AnswerKind
    at: Moment
    notification_id: UUID | None = None
    series: str | None = None
    """Of a mute; of a verdict on one alert of several."""
    until: Moment | None = None
    """End of a mute."""
    verdict: Literal["real", "explained", "false"] | None = None
    text: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    """Reason of a mute or verdict, or the note."""
    answer_id: UUID | None = None
    """Of one that came by a form: the same when the form is sent again."""
