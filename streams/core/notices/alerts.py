"""Shares an alert with the members that may see it: once, and not before the journal of its agency was read up to the alert's cause.

The alert waits only as long as the two topics are apart. After the wait, share certainly knows the agency's profile, and whether a case
of the alert is TLP:RED.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from mekong.schemas import wire
from mekong.schemas.zones import offset_at
from mekong.streams.core.collections import Log
from mekong.streams.core.draft import Draft, Named
from mekong.streams.core.notices.members import FORMAT, NETWORK, Members
from mekong.streams.core.notices.red import who_may_know
from mekong.streams.core.notices.visible import Subject, phases_of, visible_to

RECORD_FORMAT = 1
"""The format of the shared records."""
Shares = Iterator[tuple[str, str, dict[str, Any]]]
"""Member, key and ``Shared``."""


def take_alert(draft: Draft, members: Members, alert: dict[str, Any], raw: bytes) -> Shares:
    """Share an alert, or hold it until ``release``. An alert that was read before is skipped."""
    told = f"told/{alert['alert_id']}".encode()
    if draft.raw(told) is not None:
        return
    draft.put(told, {"f": FORMAT})
    agency = alert.get("agency") or NETWORK
    if _can_go(members, agency, alert["raised_at"], alert.get("journal_offset")):
        yield from _share(draft, members, alert, raw)
    else:
        draft.begin()
        matter_of(draft, members, alert)  # an alert that fails must fail here, and not at each entry that would release it
        draft.undo()
        held = {"raised_at": alert["raised_at"], "alert_id": alert["alert_id"], "offset": alert.get("journal_offset")}
        _held_for(draft, agency).append(held)
        draft.put_raw(_held_key(alert["alert_id"]), wire.compact(raw))


def release(draft: Draft, members: Members, agency: str) -> Shares:
    """Share the held alerts of ``agency`` that need not wait any more, the oldest first: they keep the order of the agency's journal."""
    held = _held_for(draft, agency)
    while (first := held.first()) is not None and _can_go(members, agency, first["raised_at"], first["offset"]):
        key = _held_key(first["alert_id"])
        raw = draft.raw(key)
        assert raw is not None  # noqa: S101 - it was put when it was held
        yield from _share(draft, members, wire.load(raw), raw)
        draft.drop(key)
        held.drop_first()


def matter_of(draft: Draft, members: Members, alert: dict[str, Any]) -> Subject:
    """The facts that decide who sees an alert. An alert over all members belongs to every phase of its days."""
    first, last = (date.fromisoformat(alert["bucket"][end]) for end in ("start", "end"))
    agency, group = alert.get("agency"), alert.get("commodity_group")
    profile = members.of(agency).profile if agency else None
    profiles = [profile] if profile else [] if agency else members.registered()
    may_know = who_may_know(draft, members, [agency] if agency else [profile.agency for profile in profiles], alert)
    return Subject(agency, first, last, phases_of(profiles, first, last, group), may_know or frozenset(), is_red=may_know is not None)


def _share(draft: Draft, members: Members, alert: dict[str, Any], raw: bytes) -> Shares:
    matter = matter_of(draft, members, alert)
    owner = members.of(matter.owner).profile if matter.owner else None
    for profile in members.registered():
        if visible_to(profile, matter):
            yield (
                profile.agency,
                alert["series"],
                {
                    "format": RECORD_FORMAT,
                    "kind": "alert",
                    "at": alert["raised_at"],
                    "member": profile.agency,
                    "utc_offset": offset_at(datetime.fromisoformat(alert["raised_at"]), profile.place),
                    "region": owner.region if owner else None,
                    "alert": wire.Ready(raw),
                },
            )


def _can_go(members: Members, agency: str, raised_at: str, offset: int | None) -> bool:
    """Whether the journal was read up to the alert's cause. An alert over all members waits until its day is over for all."""
    return raised_at[:10] < members.today() if agency == NETWORK else members.of(agency).has_reached(raised_at, offset)


def _held_for(draft: Draft, agency: str) -> Log:
    return Log(Named(draft), f"held-for/{agency}")


def _held_key(alert_id: str) -> bytes:
    return f"held/{alert_id}".encode()
