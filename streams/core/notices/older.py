"""Converts a lane's state from format 1: lists inside values become records of their own.

A lane does this once, when it opens, and commits the changes in one transaction. A state without such lists needs no changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mekong.schemas import wire
from mekong.streams.core.collections import Due, Log, Queue, Table
from mekong.streams.core.draft import NEWEST, Draft, Named
from mekong.streams.core.notices import red, unregistered

Changes = dict[bytes, "bytes | None"]


def of_share(state: Mapping[bytes, bytes]) -> Changes:
    """The changes of the state of ``share``."""
    changes: Changes = {}
    draft = Draft(state, changes)
    for key, value in _first_format(state, b"agency/"):
        _member(draft, key.decode().removeprefix("agency/"), value)
        draft.put(key, {name: value[name] for name in value if name not in {"held", "kept"}} | {"f": NEWEST})
    for key, value in _first_format(state, b"red/"):
        days = {day: _goods(state, day, key.decode().removeprefix("red/")) for day in value.get("days", ())}
        now = {"f": NEWEST, "to": value["to"], "days": days}
        red.count(draft, now, 1)
        draft.put(key, now)
    for prefix in (b"red-on/", b"red-came/"):
        for key, _ in _first_format(state, prefix):
            draft.drop(key)
    return changes


def of_notify(state: Mapping[bytes, bytes]) -> Changes:
    """The changes of the state of ``notify``."""
    changes: Changes = {}
    draft = Draft(state, changes)
    for key, value in _first_format(state, b"box/"):
        _inbox(draft, key.decode().removeprefix("box/"), value)
    for key, value in _first_format(state, b"subscribers/"):
        draft.drop(key)
        members = Table(Named(draft), key.decode())
        for subscription in value["ids"]:
            members.put(subscription)
    for key, value in _first_format(state, b"due/"):
        if "open" not in value:
            continue
        draft.drop(key)
        queue = Queue(Named(draft), key.decode().replace("due/", "due-by/", 1))
        for event_id in value["open"]:
            due = draft.get(key + b"/" + event_id.encode())
            if due is not None:
                queue.put(Due(due["by"], event_id))
    return changes


def _first_format(state: Mapping[bytes, bytes], prefix: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    for key in sorted(key for key in state if key.startswith(prefix)):
        value = wire.load(state[key])
        if value["f"] == 1:
            yield key, value


def _member(draft: Draft, agency: str, value: Mapping[str, Any]) -> None:
    """Convert the items of a member: alerts that wait for its journal, and messages that wait for its registration."""
    held = Log(Named(draft), f"held-for/{agency}")
    for raised_at, alert_id, *offset in value["held"]:  # the oldest state has no offset
        held.append({"raised_at": raised_at, "alert_id": alert_id, "offset": offset[0] if offset else None})
    for name in value["kept"]:
        key = f"kept/{name}".encode()
        raw = draft.raw(key)
        assert raw is not None  # noqa: S101 - it was put when it was kept
        unregistered.hold(draft, agency, wire.load(raw), raw)
        draft.drop(key)


def _goods(state: Mapping[bytes, bytes], day: str, event_id: str) -> list[str]:
    groups: list[str] = wire.load(state[day.encode()])["cases"][event_id]
    return groups


def _inbox(draft: Draft, subscription: str, value: dict[str, Any]) -> None:
    records = Named(draft)
    for queue in ("quiet", "digest"):
        log = Log(records, f"{queue}/{subscription}")
        for number in value.pop(queue):
            item = records.get(f"item/{subscription}/{number}")
            assert item is not None  # noqa: S101 - it was put when it was queued
            log.append(item)
            records.drop(f"item/{subscription}/{number}")
    mutes = Table(records, f"mutes/{subscription}")
    for series, until in value.pop("mutes").items():
        mutes.put(series, {"until": until})
    del value["next"]
    records.put(f"box/{subscription}", value | {"f": NEWEST})
