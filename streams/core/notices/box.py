"""One subscription with what waits for it. State of ``notices.v1``.

``subscription/<id>`` -> the wish; ``subscribers/<member>`` -> ids; ``box/<id>`` -> a ``Box``; ``item/<id>/<n>`` -> what waits in it;
``clock/<member>`` (moment.py); ``due/<member>`` (dues.py); ``early/<id>`` -> answers to a subscription that was not read yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from schemas import wire
from schemas.subscriptions import Subscription
from streams.core.draft import Draft

FORMAT = 1


class Box:
    """A subscription, what went out to it, and what waits: ``quiet`` for the end of the quiet hours, ``digest`` for the next digest."""

    def __init__(self, draft: Draft, wish: Subscription, stored: dict[str, Any] | None) -> None:
        self.draft, self.wish = draft, wish
        self.value = stored or {
            "f": FORMAT,
            "next": 0,
            "sent": [],  # times of alerts that went out at once, of the last seven days
            "quiet": [],
            "digest": [],
            "day": "",  # of the last digest or sign of life; it begins at the digest hour
            "spoke": False,  # since then
            "held_back": 0,  # alerts of muted series, or while paused, since then
            "mutes": {},  # series -> until
        }

    @classmethod
    def of(cls, draft: Draft, subscription: str) -> Box | None:
        """The box of a subscription, or None when there is no such one."""
        raw = draft.raw(_wish_key(subscription))
        return cls(draft, wire.decode(raw, Subscription), draft.get(_box_key(subscription))) if raw else None

    def put(self, queue: str, item: dict[str, Any]) -> None:
        """Let something wait."""
        number = self.value["next"]
        self.value["next"] = number + 1
        self.value[queue].append(number)
        self.draft.put(_item_key(self.wish.id, number), {"f": FORMAT, **item})

    def take(self, queue: str) -> list[dict[str, Any]]:
        """All that waits in a queue, in the order it came; it waits no more."""
        numbers, self.value[queue] = self.value[queue], []
        found = []
        for number in numbers:
            key = _item_key(self.wish.id, number)
            item = self.draft.get(key)
            assert item is not None  # noqa: S101 - it was put when it was queued
            self.draft.drop(key)
            found.append(item)
        return found

    def is_muted(self, series: str, now: datetime) -> bool:
        """Whether a mute of the series has not ended."""
        until = self.value["mutes"].get(series)
        return until is not None and now < datetime.fromisoformat(until)

    def keep(self) -> None:
        """Write the box back where it changed."""
        raw = wire.dump(self.value)
        if raw != self.draft.raw(_box_key(self.wish.id)):
            self.draft.put_raw(_box_key(self.wish.id), wire.compact(raw))


def boxes_of(draft: Draft, member: str) -> Iterator[Box]:
    """The boxes of a member's subscriptions, by id."""
    for subscription in _subscribers(draft, member):
        box = Box.of(draft, subscription)
        if box is not None:
            yield box


def subscribe(draft: Draft, subscription: str, wish: Subscription | None) -> None:
    """Take a new or changed wish; None, or one whose state is removed, deletes it and all that waits for it.

    One that changes to another member begins anew: what waited was for the eyes of the first.
    """
    box = Box.of(draft, subscription)
    before = box.wish.member if box else None
    after = wish.member if wish and wish.state != "removed" else None
    if box is not None and before != after:
        _forget(draft, box)
    if wish is not None and after is not None:
        if before != after:
            _enlist(draft, after, sorted([*_subscribers(draft, after), subscription]))
        draft.put_raw(_wish_key(subscription), wire.compact(wire.encode(wish)))


def _forget(draft: Draft, box: Box) -> None:
    for queue in ("quiet", "digest"):
        box.take(queue)
    _enlist(draft, box.wish.member, [one for one in _subscribers(draft, box.wish.member) if one != box.wish.id])
    draft.drop(_wish_key(box.wish.id))
    draft.drop(_box_key(box.wish.id))


def _subscribers(draft: Draft, member: str) -> list[str]:
    found = draft.get(f"subscribers/{member}".encode())
    return list(found["ids"]) if found else []


def _enlist(draft: Draft, member: str, ids: list[str]) -> None:
    draft.put(f"subscribers/{member}".encode(), {"f": FORMAT, "ids": ids})


def _wish_key(subscription: str) -> bytes:
    return f"subscription/{subscription}".encode()


def _box_key(subscription: str) -> bytes:
    return f"box/{subscription}".encode()


def _item_key(subscription: str, number: int) -> bytes:
    return f"item/{subscription}/{number}".encode()
