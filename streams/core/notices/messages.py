"""A warning or feedback of a member in; those it is for, and its sender, get it out: once, however the partitions were interleaved.

Feedback is for whoever sent the warning, or had the case, that it answers; until that was read it waits. A message for an agency that
is named but not registered yet waits for its registration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from schemas import wire
from streams.core.draft import Draft
from streams.core.notices.alerts import Shares
from streams.core.notices.members import FORMAT, Members

_FOR_OTHERS = ("kind", "format", "event_id", "agency", "case_no", "family", "version", "status", "message_type", "received_at")


def take_message(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Shares:
    """Share a version of a warning or feedback."""
    if entry["family"] == "warning":
        yield from _warning(draft, members, entry, raw)
    else:
        yield from _feedback(draft, members, entry, raw)


def take_case(draft: Draft, members: Members, entry: dict[str, Any]) -> Shares:
    """Remember whose case it is, and share the feedback that came before it."""
    if entry["version"] == 1:
        draft.put_raw(_case_key(entry["event_id"]), entry["agency"].encode())
        yield from _answers(draft, members, entry)


def deliver_kept(draft: Draft, members: Members, agency: str) -> Shares:
    """What waited for the registration of ``agency``, in the order it came."""
    member = members.of(agency)
    kept, member.value["kept"] = member.value["kept"], []
    for name in kept:
        key = f"kept/{name}".encode()
        raw = draft.raw(key)
        assert raw is not None  # noqa: S101 - it was put when it was kept
        yield from _to(draft, members, [agency], wire.load(raw), raw)
        draft.drop(key)


def _warning(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Shares:
    """To all it names, or named when it was taken back. Who is named no longer must hear that too, and nothing of what it says now."""
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
    """A version of a warning as those may see it whom it does not name: that there is one, and nothing of how it was sent."""
    return {name: entry[name] for name in _FOR_OTHERS if name in entry} | {"content": {"to": []}, "enriched": {}, "flags": []}


def _feedback(draft: Draft, members: Members, entry: dict[str, Any], raw: bytes) -> Shares:
    """To whom it answers, and to its own sender. A withdrawn one goes where its versions went."""
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
    """Whose warning or case it is; None while it was not read."""
    warning = draft.get(f"warning/{answered}".encode())
    case = draft.raw(_case_key(answered))
    return warning["from"] if warning is not None else case.decode() if case is not None else None


def _answers(draft: Draft, members: Members, entry: dict[str, Any]) -> Shares:
    """The feedback that waited for a warning or case."""
    for early in _early(draft, str(entry["event_id"])):
        one = wire.load(early)
        yield from _to(draft, members, {entry["agency"], one["agency"]}, one, early)


def _early(draft: Draft, answered: str) -> Iterator[bytes]:
    """The feedback that waited for a warning or case, in the order it came; it waits no more."""
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
            name = f"{agency}/{entry['event_id']}/{entry['version']}"
            member.value["kept"].append(name)
            draft.put_raw(f"kept/{name}".encode(), wire.compact(raw))
            continue
        yield (
            agency,
            str(entry["event_id"]),
            {
                "format": FORMAT,
                "kind": entry["family"],
                "at": entry["received_at"],
                "member": agency,
                "utc_offset": member.profile.utc_offset,
                "message": wire.Ready(raw),
            },
        )


def _case_key(event_id: str) -> bytes:
    return f"case/{event_id}".encode()
