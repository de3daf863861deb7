"""Records of ``alerts.v1`` and ``journal.v1`` in; what each member may see of them, for its own topic, out.

How the partitions are interleaved is not fixed. What is told of an alert or a message does not depend on it: each output is made of
its own record, and waits in the state where it needs something that another partition brings (an alert for its agency's journal up
to what raised it, feedback for its warning, a message for the registration of whom it names). Only who else may see an alert follows
the profiles and the TLP:RED cases that were known at that moment: a member that joins later, or whose phase changes, sees alerts from
then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schemas import wire
from schemas.errors import Refused
from schemas.times import to_text
from streams.core.counts.fold import minutes_of
from streams.core.draft import Draft
from streams.core.notices.alerts import release, take_alert
from streams.core.notices.members import NETWORK, Member, Members
from streams.core.notices.messages import deliver_kept, take_case, take_message
from streams.core.notices.red import mark

FORMAT = 1
RECORD_FORMAT = 1  # of alerts and of journal entries


class Told(NamedTuple):
    """One record for one member's topic: JSON value of ``schemas.notifications.Shared``."""

    member: str
    key: str
    shared: dict[str, Any]


def fold_alerts(draft: Draft, records: Iterable[Any]) -> Iterator[Told]:
    """Take alerts in order. Raises Refused at one of a newer format."""
    members = Members(draft)
    for record in records:
        alert = _load(record)
        for told in take_alert(draft, members, alert, record.value):
            yield Told(*told)
    members.keep()


def fold_journal(draft: Draft, records: Iterable[Any], partition: int) -> Iterator[Told]:
    """Take journal entries of one partition in order. Raises Refused at one of a newer format."""
    members = Members(draft)
    for record in records:
        entry = _load(record)
        members.of(entry["agency"]).value |= {"in": partition, "offset": record.offset}
        for told in _entry(draft, members, entry, record.value):
            yield Told(*told)
    members.keep()


def _entry(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Iterator[tuple[str, str, dict[str, Any]]]:
    agency, kind = entry["agency"], entry["kind"]
    member = members.of(agency)
    member.value["received"] = entry["received_at"]
    member.value["first"] = member.value["first"] or entry["received_at"]
    if kind == "version":
        if entry["family"] == "case":
            mark(draft, entry, member.value["day"] or entry["received_at"][:10])
            yield from take_case(draft, members, entry)
        else:
            yield from take_message(draft, members, entry, raw)
    elif kind == "agency":
        member.learn(entry["profile"])
        members.register(agency)
        yield from deliver_kept(draft, members, agency)
    else:
        member.value["at"] = entry["at"]
        yield from _hour(member, agency, entry["at"])
        yield from release(draft, members, NETWORK)
    yield from release(draft, members, agency)


def _hour(member: Member, agency: str, at: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Tell the member that time has passed, when its local hour is another than at its last tick."""
    if member.profile is None:
        return
    offset = member.profile.utc_offset
    hour = to_text(datetime.fromisoformat(at) + timedelta(minutes=minutes_of(offset)))[:13]
    member.value["day"] = max(member.value["day"], hour[:10])
    if hour != member.value["hour"]:
        member.value["hour"] = hour
        yield agency, agency, {"format": FORMAT, "kind": "hour", "at": at, "member": agency, "utc_offset": offset}


def _load(record: Any) -> dict[str, Any]:
    value: dict[str, Any] = wire.load(record.value)
    if value["format"] > RECORD_FORMAT:
        raise Refused(f"offset {record.offset} has format {value['format']}, this code knows up to {RECORD_FORMAT}")
    return value
