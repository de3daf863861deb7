"""Finds alerts that a member received twice, altered, without right, or not at all, from the journal and the alerts of each member.

The right to see an alert depends on the moment at which the alert was shared, and no record has this moment. So a member counts as
having the right when any profile that it and the alert's agency ever had gives the right. A case counts as TLP:RED when each of its
versions was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zlib import crc32

from mekong.deploy.verify.report import Check
from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile
from mekong.schemas.topics import member_of
from mekong.streams.core.notices.visible import Subject, phases_of, visible_to

_RED = b"TLP:RED"
_EVENT = b'"event_id":"'
_ID_BYTES = 36


@dataclass
class Red:
    """A case that was TLP:RED in every version seen."""

    to: set[str] = field(default_factory=set)
    """Who may know of it, by any of them."""
    was_open: bool = False
    """Whether some version was not."""


@dataclass
class Raised:
    """An alert, as far as it decides who sees it."""

    agency: str | None
    group: str | None
    first: date
    last: date
    event_ids: tuple[str, ...]
    checksum: int
    must_come: bool
    """Whether the alert must reach its own agency. It names the entry that raised it, so share emits it after that entry."""


class Sharing:
    """The journal and the alerts that were read. Each ``see`` method reads one record; the reader need not keep it."""

    def __init__(self) -> None:
        self.profiles: dict[str, list[AgencyProfile]] = defaultdict(list)
        self.reds: dict[str, Red] = {}
        self.alerts: dict[str, Raised] = {}
        self.got: dict[str, Counter[str]] = defaultdict(Counter)
        self.altered: dict[str, set[str]] = defaultdict(set)
        self.aside: set[tuple[str, int, int]] = set()
        """Topic, partition and offset of alerts that share has set aside."""

    def see_entry(self, record: Any) -> bool:
        """A profile, or a version of a case that is or was TLP:RED."""
        raw = record.value or b""
        if b'"kind":"agency"' in raw[:100]:
            profile = AgencyProfile.model_validate(wire.load(raw)["profile"])
            self.profiles[profile.agency].append(profile)
            return True
        place = raw.find(_EVENT) + len(_EVENT)
        event_id = raw[place : place + _ID_BYTES].decode(errors="replace") if place >= len(_EVENT) else ""
        if event_id and (event_id in self.reds or _RED in raw):
            self._see_version(event_id, wire.load(raw))
        return True

    def see_alert(self, record: Any) -> bool:
        """An alert; the first of an id counts."""
        if (record.topic, record.partition, record.offset) not in self.aside:
            alert = wire.load(record.value)
            self.alerts.setdefault(alert["alert_id"], _raised(alert))
        return True

    def see_shared(self, record: Any) -> bool:
        """What a member got."""
        alert = wire.load(record.value).get("alert")
        member = member_of(record.topic)
        if alert is not None and member is not None:
            self.got[member][alert["alert_id"]] += 1
            known = self.alerts.get(alert["alert_id"])
            if known is not None and known.checksum != crc32(wire.canonical(alert)):
                self.altered[member].add(alert["alert_id"])
        return True

    def _see_version(self, event_id: str, entry: dict[str, Any]) -> None:
        handling = entry.get("content", {}).get("handling", {})
        red = self.reds.setdefault(event_id, Red(was_open=entry["version"] > 1))  # those before it were not, or they had been seen
        if handling.get("tlp") == _RED.decode():
            red.to |= {entry["agency"], *handling.get("release_to", ())}
        elif entry["status"] == "current":
            red.was_open = True


def _raised(alert: dict[str, Any]) -> Raised:
    return Raised(
        agency=alert.get("agency"),
        group=alert.get("commodity_group"),
        first=date.fromisoformat(alert["bucket"]["start"]),
        last=date.fromisoformat(alert["bucket"]["end"]),
        event_ids=tuple(alert.get("event_ids", ())),
        checksum=crc32(wire.canonical(alert)),
        must_come=alert.get("agency") is not None and alert.get("journal_offset") is not None,
    )


def check_members(sharing: Sharing) -> Check:
    """Hold what each member got against what it may see, and against what it must see of its own."""
    check = Check("alerts shared", "each alert a member got is one of alerts.v1, once and unchanged, that it may see; its own are there")
    for member, got in sorted(sharing.got.items()):
        check.found += sum(got.values())
        for alert_id, times in got.items():
            check.doubled += times - 1
            if times > 1:
                check.say(f"{member} got alert {alert_id} {times} times")
            if alert_id in sharing.altered[member]:
                check.different += 1
                check.say(f"{member} got alert {alert_id} with another content than alerts.v1 has")
            alert = sharing.alerts.get(alert_id)
            if alert is None or not may_see(sharing, member, alert):
                check.foreign += 1
                check.say(f"{member} got alert {alert_id}, which " + ("is not on alerts.v1" if alert is None else "it may not see"))
    for member, alert_id in _due(sharing):
        check.expected += 1
        if not sharing.got[member][alert_id]:
            check.missing += 1
            check.say(f"{member} did not get its own alert {alert_id}")
    check.expected = max(check.expected, check.found - check.doubled - check.foreign)
    return check


def may_see(sharing: Sharing, member: str, alert: Raised) -> bool:
    """Whether a member may see an alert by any profile that there was."""
    reds = [red for one in alert.event_ids if (red := sharing.reds.get(one)) is not None and not red.was_open]
    if any(member not in red.to for red in reds):
        return False
    owners: Iterable[AgencyProfile] = (
        sharing.profiles[alert.agency] if alert.agency else [profile for profiles in sharing.profiles.values() for profile in profiles]
    )
    phases = phases_of(owners, alert.first, alert.last, alert.group)
    named = frozenset([member]) if reds else frozenset()
    matter = Subject(alert.agency, alert.first, alert.last, phases, named)
    return any(visible_to(profile, matter) for profile in sharing.profiles[member])


def _due(sharing: Sharing) -> Iterator[tuple[str, str]]:
    """Alerts that an agency must have of its own."""
    for alert_id, alert in sharing.alerts.items():
        if alert.must_come and alert.agency in sharing.profiles:
            yield alert.agency, alert_id
