"""Reads, checks and writes the subscriptions and answers of a deployment (``subscriptions.v1``, ``answers.v1``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from kafka import KafkaProducer
from pydantic import ValidationError

from mekong.deploy.profiles import nearest
from mekong.deploy.registry import list_agencies, read_compacted
from mekong.schemas.alerts import Kind, Tier
from mekong.schemas.channels import CHANNELS, name_of
from mekong.schemas.codes import code_list
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Delivery, Notification
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer, Subscription
from mekong.schemas.topics import ANSWERS, DELIVERIES, NOTIFICATIONS, SUBSCRIPTIONS, Topic
from mekong.schemas.wire import R, decode, encode
from mekong.sinks.delivery.host import host_of
from mekong.sinks.reading import read_topic

WAIT_S = 30
_SHORTEST_ID = 8
_SHOWN = 60  # characters of what was given
_WANTED = {
    "id": ("ID", "give 2 to 61 small letters, digits and hyphens, as duty-vn"),
    "member": ("--member", "give the code of an agency, as VN-CUSTOMS"),
    **{f"{name_of(channel)} {one.field}": (one.flag, one.wanted) for channel in CHANNELS for one in channel.options},
    "agencies": ("--agency", "give the code of an agency, as VN-CUSTOMS"),
    "commodity_groups": ("--group", f"give one of {', '.join(code_list('commodity_groups'))}"),
    "budget_per_week": ("--budget", "give a number from 0 to 1,000"),
    "digest_hour": ("--digest-hour", "give an hour from 0 to 23"),
    "start": ("--quiet", "give two times of the member's own day, without an offset, as 22:00-06:00"),
    "end": ("--quiet", "give two times of the member's own day, without an offset, as 22:00-06:00"),
    "text": ("The text", "give at most 1,000 characters"),
}
"""Field of a record that a person makes, with its channel where it has one -> what gives it, and what it should be."""


def subscriptions(settings: Settings) -> dict[str, Subscription]:
    """Every subscription that was not removed, by id."""
    found = (decode(raw, Subscription) for raw in read_compacted(settings, SUBSCRIPTIONS.name).values())
    return {one.id: one for one in sorted(found, key=lambda one: one.id) if one.state != "removed"}


def subscription(settings: Settings, name: str) -> Subscription:
    """The one of this id. Raises Refused with the nearest names when there is none."""
    known = subscriptions(settings)
    if name not in known:
        raise Refused(f"The subscription {name!r} does not exist{nearest(name, known)}.")
    return known[name]


def checked(settings: Settings, wanted: Subscription) -> Subscription:
    """The same, when every name in it is known. Raises Refused with the nearest names."""
    here = {profile.agency: profile.region for profile in list_agencies(settings)}
    regions = {*here.values(), *(entry.fields["region"] for entry in code_list("countries").values())}
    for field, names, known in (
        ("Member", [wanted.member], here),
        ("Agency", wanted.filter.agencies, {*code_list("agencies"), *here}),
        ("Commodity group", wanted.filter.commodity_groups, code_list("commodity_groups")),
        ("Kind of alert", wanted.filter.kinds, [*map(str, Kind)]),
        ("Tier", wanted.filter.tiers, [*map(str, Tier)]),
        ("Region", wanted.filter.regions, regions),
    ):
        _check(field, names, known)
    if wanted.channel.address:
        host_of(wanted.channel.address)
    if wanted.channel.secret:
        settings.check_webhook_secret(wanted.channel.secret, wanted.member)
    return wanted


def check_agency(settings: Settings, agency: str) -> str:
    """The code again, when it is registered here. Raises Refused with the nearest names."""
    _check("Agency", [agency], {profile.agency for profile in list_agencies(settings)})
    return agency


def checked_series(settings: Settings, series: str) -> str:
    """The name of a series again. Raises Refused when there can be none of it."""
    agency, _, group = series.partition("/")
    _check("Agency", [agency], {"network", *(profile.agency for profile in list_agencies(settings))})
    _check("Commodity group", [group] if group else [], code_list("commodity_groups"))
    return series


def made(record: type[R], values: object) -> R:
    """A record of what a person gave. Raises Refused, naming the option."""
    try:
        return record.model_validate(values)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        parts = [part for part in first["loc"] if isinstance(part, str)] or ["what was given"]
        option, wanted = _WANTED.get(" ".join(parts[-2:])) or _WANTED.get(parts[-1], (parts[-1], first["msg"]))
        given = f" {str(first['input'])[:_SHOWN]!r}" if first["input"] else ""
        raise Refused(f"{option}{given}: {wanted}.") from exc


def write(settings: Settings, record: Subscription | Answer) -> None:
    """Write it, and return when it is acknowledged. Raises kafka-python's errors."""
    topic, key = (SUBSCRIPTIONS, record.id) if isinstance(record, Subscription) else (ANSWERS, record.subscription)
    producer = KafkaProducer(**kafka_options(settings), acks="all", enable_idempotence=True)
    try:
        producer.send(topic.name, encode(record), key=key.encode()).get(WAIT_S)
    finally:
        producer.close(WAIT_S)


class NotificationHistory(NamedTuple):
    """What was decided and what became of it, so far."""

    notifications: list[Notification]
    deliveries: list[Delivery]


def notification_history(settings: Settings) -> NotificationHistory:
    """All notifications and deliveries up to now."""
    return NotificationHistory(read_all(settings, NOTIFICATIONS, Notification), read_all(settings, DELIVERIES, Delivery))


def read_all(settings: Settings, topic: Topic, record: type[R]) -> list[R]:
    """Every committed record of a topic up to its end as of now, in the order of each partition. Raises Refused, Retriable."""
    return [decode(one.value, record) for records in read_topic(settings, topic.name) for one in records if one.value]


def notification_of(settings: Settings, text: str, name: str | None) -> Notification:
    """The notification that a person means by its id or that of an alert in it, or by the first eight letters or more.

    Raises Refused: there is none, or more than one, or several subscriptions got it and none is named.
    """
    if len(text) < _SHORTEST_ID or not re.fullmatch(r"[0-9a-f-]+", text):
        raise Refused(f"{text!r} is not an id: give that of a notification or an alert, or at least its first {_SHORTEST_ID} letters.")
    found = [one for one in read_all(settings, NOTIFICATIONS, Notification) if name in {None, one.subscription} and _is_meant(one, text)]
    if not found:
        raise Refused(f"No notification{f' of {name}' if name else ''} is about {text}.")
    receivers = sorted({one.subscription for one in found})
    if len(receivers) > 1:
        raise Refused(f"{', '.join(receivers)} got it: say with --subscription who answers.")
    return found[-1]


def answer(settings: Settings, values: dict[str, object]) -> Answer:
    """Write an answer given now."""
    found = made(Answer, {**values, "at": now()})
    write(settings, found)
    return found


def now() -> datetime:
    """The wall clock, to the millisecond."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)


def _is_meant(notification: Notification, text: str) -> bool:
    ids: Iterable[UUID | str] = (notification.notification_id, *(str(item.get("alert_id", "")) for item in notification.items))
    return any(str(one).startswith(text) for one in ids)


def _check(field: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise Refused(f"{field} {name!r} is not known{nearest(name, known)}.")
