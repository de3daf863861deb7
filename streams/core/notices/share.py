"""Folds records of ``alerts.v1`` and ``journal.v1`` into the records that each member may see, for the member's own topic.

The order between partitions is not fixed. The content of an output does not depend on this order, because each output is made from its
own record. When an output needs something from another partition, it waits in the state: an alert waits for its agency's journal,
feedback waits for its warning, and a message waits for the registration of the agency that it names. Only the question which other
members see an alert depends on the profiles and TLP:RED cases that are known at that moment. A member that joins later, or whose phase
changes, sees alerts from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from mekong.schemas import wire
from mekong.schemas.errors import Refused
from mekong.schemas.zones import named, offset_at
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices import feeds
from mekong.streams.core.notices.alerts import RECORD_FORMAT, release, take_alert
from mekong.streams.core.notices.members import NETWORK, Member, Members
from mekong.streams.core.notices.messages import deliver_held, take_case, take_message
from mekong.streams.core.notices.red import mark
from mekong.streams.core.notices.unregistered import Fronts, expire

READ_FORMAT = 1  # of alerts and of journal entries


class SharedRecord(NamedTuple):
    """One record for one member's topic: JSON value of ``mekong.schemas.notifications.Shared``."""

    member: str
    key: str
    shared: dict[str, Any]


def fold_alerts(draft: Draft, records: Iterable[Any]) -> Iterator[SharedRecord]:
    """Fold alerts in order. Raises Refused at an alert of a newer format."""
    members = Members(draft)
    for record in records:
        alert = _load(record)
        for told in take_alert(draft, members, alert, record.value):
            yield SharedRecord(*told)
    members.save()


def fold_journal(draft: Draft, records: Iterable[Any], partition: int, partitions: Collection[int] = ()) -> Iterator[SharedRecord]:
    """Fold journal entries of one partition in order. ``partitions`` have entries. Raises Refused at an entry of a newer format."""
    members, fronts = Members(draft), Fronts(draft, partition)
    for record in records:
        entry = _load(record)
        fronts.reach(entry["received_at"])
        if entry["kind"] == "time":
            for told in _time(draft, members, partition, entry["at"]):
                yield SharedRecord(*told)
            expire(draft, fronts.least(partitions))
            continue
        value = members.of(entry["agency"]).value
        value |= {"in": partition, "offset": max(value["offset"], record.offset)}  # one that was aside may be folded again after the others
        for told in _entry(draft, members, entry, record.value, fronts.here):
            yield SharedRecord(*told)
        if entry["kind"] == "tick":
            expire(draft, fronts.least(partitions))
    members.save()
    fronts.save()


def _entry(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes, moment: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    agency, kind = entry["agency"], entry["kind"]
    member = members.of(agency)
    member.value["received"] = max(member.value["received"], entry["received_at"])
    member.value["first"] = member.value["first"] or entry["received_at"]
    if kind == "version":
        if entry["family"] == "case":
            mark(draft, entry, member.value["day"] or entry["received_at"][:10])
            yield from take_case(draft, members, entry)
        else:
            yield from take_message(draft, members, entry, raw)
    elif kind == "agency":
        member.learn(entry["profile"], moment)
        members.register(agency)
        yield from deliver_held(draft, members, agency)
    elif kind == "source":
        member.order(entry["order"])
    else:
        member.value["at"] = max(member.value["at"], entry["at"])  # one that was aside may come after later ones
        yield from _hour(draft, member, agency, entry["at"], entry.get("feed"))
        yield from release(draft, members, NETWORK)
    yield from release(draft, members, agency)


def _time(draft: Draft, members: Members, partition: int, at: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Move a partition's own time to a full hour. It also moves the time of the members that are away, because nobody waits for them."""
    members.pass_time(partition, at)
    for profile in members.registered():
        member = members.of(profile.agency)
        if member.is_away and member.value["in"] == partition:
            yield from _hour(draft, member, profile.agency, at)
    yield from release(draft, members, NETWORK)


def _hour(
    draft: Draft, member: Member, agency: str, at: str, counted: dict[str, Any] | None = None
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Share an ``hour`` with the member when its local hour changed since its last tick. ``counted``: its messages since then.

    The first hour of a week also tells how its feed was, unless the member is away.
    """
    if member.profile is None:
        return
    offset = offset_at(datetime.fromisoformat(at), member.profile.place)
    hour = datetime.fromisoformat(at).astimezone(named(offset)).isoformat()[:13]
    member.value["day"] = max(member.value["day"], hour[:10])
    if counted is not None:
        feeds.count(draft, agency, min(hour, member.value["hour"] or hour), counted)
    if hour > member.value["hour"]:
        feed = None if member.is_away else feeds.at_new_week(draft, agency, member.value["hour"], hour, at)
        member.value["hour"] = hour
        told = {"format": RECORD_FORMAT, "kind": "hour", "at": at, "member": agency, "utc_offset": offset}
        yield agency, agency, told | ({"feed": feed} if feed else {})


def _load(record: Any) -> dict[str, Any]:
    value: dict[str, Any] = wire.load(record.value)
    if value["format"] > READ_FORMAT:
        raise Refused(f"offset {record.offset} has format {value['format']}, this code knows up to {READ_FORMAT}")
    return value
