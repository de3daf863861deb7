"""Converts a time in UTC of a message to the local time of the place, because the local time gives the day."""

from __future__ import annotations

from datetime import datetime

from mekong.schemas.codes import code_list
from mekong.schemas.control import AgencyProfile
from mekong.schemas.messages import SeizureContent
from mekong.schemas.rejected import Rejected
from mekong.schemas.times import EventTime
from mekong.schemas.zones import zone_at
from mekong.streams.core.intake.check import Checked, in_future
from mekong.streams.core.intake.identity import IN_UTC, with_seized_at


def in_local_time(checked: Checked, profile: AgencyProfile, received_ms: int) -> Checked | Rejected:
    """The message with its time in local time. ``Z`` gives only the instant; with another offset, the sender states the local time."""
    message, time = checked.message, checked.time
    if time is None or not checked.seized_at.endswith(IN_UTC) or not isinstance(message, SeizureContent):
        return checked
    at = datetime.fromisoformat(checked.seized_at).astimezone(zone_at(_country(message), profile))
    seized_at = at.isoformat()
    if seized_at == checked.seized_at:
        return checked
    time = EventTime(time.precision, at.date(), time.minute)
    if wrong := in_future(seized_at, time, received_ms):
        return wrong
    content = with_seized_at(checked.content, checked.seized_at, seized_at)
    return Checked(message, content, time, seized_at, checked.notices, checked.raw, checked.order)


def _country(message: SeizureContent) -> str | None:
    if message.country or not message.place:
        return message.country
    place = code_list("places").get(message.place)
    return place.fields["country"] if place else None
