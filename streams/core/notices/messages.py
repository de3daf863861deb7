"""Shares a warning or feedback with its recipients and its sender: once, however the partitions are interleaved.

Feedback is for the agency whose warning or case it answers; until this warning or case was read, the feedback waits. A message for an
agency that is named but not registered yet waits for its registration, and not for ever (unregistered.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from mekong.schemas import wire
from mekong.schemas.zones import offset_at
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices import unregistered
from mekong.streams.core.notices.alerts import RECORD_FORMAT, Shares
from mekong.streams.core.notices.members import FORMAT, Members

_FOR_OTHERS = ("kind", "format", "event_id", "agency", "case_no", "family", "version", "status", "message_type", "received_at")


def take_message(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Shares:
    """Share a version of a warning or feedback."""
    if entry["family"] == "warning":
        yield from _warning(draft, members, entry, raw)
    else:
        yield from _feedback(draft, members, entry, raw)


def take_case(draft: Draft, members: Members, entry: dict[str, Any]) -> Shares:
    """Remember the agency of a case, and share the feedback that was read before the case."""
    if entry["version"] == 1:
        draft.put_raw(_case_key(entry["event_id"]), entry["agency"].encode())
        yield from _answers(draft, members, entry)


def deliver_held(draft: Draft, members: Members, agency: str) -> Shares:
    """Share the messages that waited for the registration of ``agency``, in the order of arrival."""
    for raw in unregistered.take(draft, agency):
        yield from _to(draft, members, [agency], wire.load(raw), raw)


def _warning(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Shares:
    """Share a warning with all agencies that it names, or named when it was withdrawn.

    An agency that is not named any more is informed of this too, but does not get the new content.
    """
    key = f"warning/{entry['event_id']}".encode()
    before = draft.get(key)
    then, named = (set(before["to"]), set(before.get("named", before["to"]))) if before else (set(), set())  # older state names all
    if entry["status"] == "current":
        named = set(entry["content"].get("to", ()))
    draft.put(key, {"f": FORMAT, "from": entry["agency"], "to": sorted(named | then), "named": sorted(named)})
    yield from _to(draft, members, {entry["agency"], *named}, entry, raw)
    yield from _to(draft, members, then - named - {entry["agency"]}, entry, wire.dump(_for_others(entry)))
    yield from _answers(draft, members, entry)


def _for_others(entry: dict[str, Any]) -> dict[str, Any]:
    """A version of a warning for agencies that it does not name any more: only its head, without its content."""
    return {name: entry[name] for name in _FOR_OTHERS if name in entry} | {"content": {"to": []}, "enriched": {}, "flags": []}


def _feedback(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Shares:
    """Share a feedback with the agency that it answers and with its own sender. A withdrawal goes to the same agencies."""
    own = f"reply/{entry['event_id']}".encode()
    before = draft.get(own)
    answered = entry["content"].get("in_reply_to") or (before["to"] if before else None)
    if answered is None:
        return
    draft.put(own, {"f": FORMAT, "to": answered})
    owner = _owner(draft, answered)
    if owner is not None:
        yield from _to(draft, members, {owner, entry["agency"]}, entry, raw)
        return
    key = f"early/{answered}".encode()
    count = (draft.get(key) or {"n": 0})["n"]
    draft.put_raw(f"early/{answered}/{count}".encode(), wire.compact(raw))
    draft.put(key, {"f": FORMAT, "n": count + 1})


def _owner(draft: Draft, answered: str) -> str | None:
    """The agency of a warning or case; None while it was not read yet."""
    warning = draft.get(f"warning/{answered}".encode())
    case = draft.raw(_case_key(answered))
    return warning["from"] if warning is not None else case.decode() if case is not None else None


def _answers(draft: Draft, members: Members, entry: dict[str, Any]) -> Shares:
    """Share the feedback that waited for a warning or case."""
    for early in _early(draft, str(entry["event_id"])):
        one = wire.load(early)
        yield from _to(draft, members, {entry["agency"], one["agency"]}, one, early)


def _early(draft: Draft, answered: str) -> Iterator[bytes]:
    """Remove the feedback that waited for a warning or case and yield it, in the order of arrival."""
    waiting = draft.get(f"early/{answered}".encode())
    if waiting is None:
        return
    draft.drop(f"early/{answered}".encode())
    for number in range(waiting["n"]):
        key = f"early/{answered}/{number}".encode()
        raw = draft.raw(key)
        assert raw is not None  # noqa: S101 - it was put when it was counted
        draft.drop(key)
        yield raw


def _to(draft: Draft, members: Members, agencies: Iterable[str], entry: dict[str, Any], raw: bytes) -> Shares:
    for agency in sorted(agencies):
        member = members.of(agency)
        if member.profile is None:
            unregistered.hold(draft, agency, entry, raw)
            continue
        if member.value["since"] >= unregistered.until(entry):
            continue  # it was registered too late, in whatever order the partitions were read
        yield (
            agency,
            str(entry["event_id"]),
            {
                "format": RECORD_FORMAT,
                "kind": entry["family"],
                "at": entry["received_at"],
                "member": agency,
                "utc_offset": offset_at(datetime.fromisoformat(entry["received_at"]), member.profile.place),
                "message": wire.Ready(raw),
            },
        )


def _case_key(event_id: str) -> bytes:
    return f"case/{event_id}".encode()
