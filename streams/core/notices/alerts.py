"""An alert in, whom it is shared with out: once, and not before the journal of its agency was read up to what raised it.

The wait costs no more than the two topics are apart. It makes sure that the agency is registered, and that a case behind the alert
that is TLP:RED is known as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from schemas import wire
from streams.core.draft import Draft
from streams.core.notices.members import FORMAT, NETWORK, Members
from streams.core.notices.red import who_may_know
from streams.core.notices.visible import Matter, phases_of, visible_to

Shares = Iterator[tuple[str, str, dict[str, Any]]]
"""Member, key and ``Shared``."""


def take_alert(draft: Draft, members: Members, alert: dict[str, Any], raw: bytes) -> Shares:
    """Share an alert, or hold it until ``release``. One that was taken before is passed over."""
    told = f"told/{alert['alert_id']}".encode()
    if draft.raw(told) is not None:
        return
    draft.put(told, {"f": FORMAT})
    agency = alert.get("agency") or NETWORK
    if _can_go(members, agency, alert["raised_at"], alert.get("journal_offset")):
        yield from _share(draft, members, alert, raw)
    else:
        members.of(agency).value["held"].append([alert["raised_at"], alert["alert_id"], alert.get("journal_offset")])
        draft.put_raw(_held_key(alert["alert_id"]), wire.compact(raw))


def release(draft: Draft, members: Members, agency: str) -> Shares:
    """Share what was held for ``agency`` and can go now."""
    member = members.of(agency)
    if not member.value["held"]:
        return
    held, member.value["held"] = member.value["held"], []
    for raised_at, alert_id, *rest in held:
        offset = rest[0] if rest else None  # older state has none
        if _can_go(members, agency, raised_at, offset):
            raw = draft.raw(_held_key(alert_id))
            assert raw is not None  # noqa: S101 - it was put when it was held
            yield from _share(draft, members, wire.load(raw), raw)
            draft.drop(_held_key(alert_id))
        else:
            member.value["held"].append([raised_at, alert_id, offset])


def matter_of(draft: Draft, members: Members, alert: dict[str, Any]) -> Matter:
    """What decides who sees an alert. One over all members belongs to every phase of its days."""
    first, last = (date.fromisoformat(alert["bucket"][end]) for end in ("start", "end"))
    agency, group = alert.get("agency"), alert.get("commodity_group")
    profile = members.of(agency).profile if agency else None
    profiles = [profile] if profile else [] if agency else members.registered()
    may_know = who_may_know(draft, [agency] if agency else [profile.agency for profile in profiles], alert)
    return Matter(agency, first, last, phases_of(profiles, first, last, group), may_know or frozenset(), is_red=may_know is not None)


def _share(draft: Draft, members: Members, alert: dict[str, Any], raw: bytes) -> Shares:
    matter = matter_of(draft, members, alert)
    owner = members.of(matter.owner).profile if matter.owner else None
    for profile in members.registered():
        if visible_to(profile, matter):
            yield (
                profile.agency,
                alert["series"],
                {
                    "format": FORMAT,
                    "kind": "alert",
                    "at": alert["raised_at"],
                    "member": profile.agency,
                    "utc_offset": profile.utc_offset,
                    "region": owner.region if owner else None,
                    "alert": wire.Ready(raw),
                },
            )


def _can_go(members: Members, agency: str, raised_at: str, offset: int | None) -> bool:
    """Whether the journal behind an alert was read. One over all members is raised when all have left its day."""
    return raised_at[:10] < members.today() if agency == NETWORK else members.of(agency).has_reached(raised_at, offset)


def _held_key(alert_id: str) -> bytes:
    return f"held/{alert_id}".encode()
