"""Writes shared records as the bytes of server-sent events, and reads back the place that a reader has reached. Pure.

Format: the HTML standard, section "Server-sent events". An event's id is the record's offset in ``alerts.<agency>.v1``. An id without
data moves the reader's place without an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from mekong.schemas.alerts import Kind, Tier
from mekong.schemas.codes import code_list
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Shared
from mekong.schemas.wire import decode

HEARTBEAT = b": alive\n\n"
_MESSAGES = {"warning": "WARNING", "feedback": "FEEDBACK"}
_NAMES = {"kind", "tier", "commodity_group", "agency"}
_PLACES = {"last_event_id", "since"}


class Entry(NamedTuple):
    """One record of a member's topic, ready to be passed on."""

    offset: int
    kind: str
    """The kind of the event: alert, warning or feedback. Empty for a record that is not an event."""
    facts: Mapping[str, str]
    """What filters ask."""
    value: bytes


def entry(offset: int, value: bytes) -> Entry:
    """Read a record. A record that is not for readers (time has passed, or it cannot be read) has no kind."""
    try:
        shared = decode(value, Shared)
    except ValueError:
        return Entry(offset, "", {}, b"")
    if shared.kind == "hour":
        return Entry(offset, "", {}, b"")
    told = shared.alert if shared.kind == "alert" else shared.message
    facts = {name: str(told[name]) for name in sorted(_NAMES) if told and told.get(name)}
    return Entry(offset, shared.kind, facts if shared.kind == "alert" else {**facts, "kind": _MESSAGES[shared.kind]}, value)


class Wanted(NamedTuple):
    """What a reader asks for: each name with the values let through; a name that is absent lets everything through."""

    values: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, query: Iterable[tuple[str, str]]) -> Self:
        """Read the filter from the query of a request. A name may be repeated, or have several values with commas.

        Raises Refused for an unknown name or value.
        """
        found: dict[str, set[str]] = {}
        for name, text in query:
            if name in _PLACES:
                continue
            if name not in _NAMES:
                raise Refused(f"{name!r} is not a filter. The filters are {', '.join(sorted(_NAMES))}")
            for value in text.split(","):
                if (known := _known(name)) and value not in known:
                    raise Refused(f"{name}={value!r} is not known: there are {', '.join(sorted(known))}")
                found.setdefault(name, set()).add(value)
        return cls({name: frozenset(values) for name, values in found.items()})

    def takes(self, entry: Entry) -> bool:
        """Whether the reader gets this record. A warning has no tier and no commodity group: only kind and agency can exclude it."""
        if not entry.kind:
            return False
        asked = self.values if entry.kind == "alert" else {name: self.values[name] for name in ("kind", "agency") if name in self.values}
        return all(entry.facts.get(name, "") in values for name, values in asked.items())


def frame(entry: Entry) -> bytes:
    """The event of a record; its value is one line of JSON."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (entry.offset, entry.kind.encode(), entry.value)


def place(offset: int) -> bytes:
    """Moves the reader's place on without an event."""
    return b"id: %d\n\n" % offset


def resume_at(last_event_id: str) -> int | None:
    """The offset to continue from. None when the reader names none. Raises Refused for an id that this server never gave."""
    if not last_event_id:
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:  # noqa: PLR2004 - fits 64 bits
        raise Refused("this Last-Event-ID was not issued here: give the id of the last event that you received")
    return int(last_event_id) + 1


def _known(name: str) -> frozenset[str]:
    if name == "kind":
        return frozenset({*map(str, Kind), *_MESSAGES.values()})
    if name == "tier":
        return frozenset(map(str, Tier))
    return frozenset(code_list("commodity_groups")) if name == "commodity_group" else frozenset()
