"""Keeps a subscription with the alerts and messages that wait for it, in the state ``notices.v1``.

``subscription/<id>`` -> the wish; ``subscribers/<member>`` (a table) -> ids; ``box/<id>`` -> an ``Inbox``; ``quiet|digest/<id>`` (logs) ->
the waiting items; ``mutes/<id>`` (a table) -> muted series; ``clock/<member>`` (moment.py); ``due*/<member>`` (dues.py);
``week/<member>`` (weekly/summary.py); ``early/<id>`` -> answers to a subscription that was not read yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from mekong.schemas import wire
from mekong.schemas.subscriptions import Subscription
from mekong.streams.core.collections import Log, Table
from mekong.streams.core.draft import Draft, Named

FORMAT = 2
"""The format of the state. Format 1 kept waiting items in lists inside values (older.py)."""


class Inbox:
    """A subscription with its sent and waiting alerts: ``quiet`` waits for the end of the quiet hours, ``digest`` for the next digest."""

    def __init__(self, draft: Draft, wish: Subscription, stored: dict[str, Any] | None) -> None:
        self.draft, self.wish = draft, wish
        self._records = Named(draft)
        self.value = stored or {
            "f": FORMAT,
            "sent": [],  # times of the alerts of the last seven days that were sent at once
            "day": "",  # of the last digest or sign of life; it begins at the digest hour
            "spoke": False,  # whether anything was sent since then
            "held_back": 0,  # alerts of muted series, or while paused, since then
            # "week": the Monday on which the last summary was due, and the alerts since then
        }

    @classmethod
    def of(cls, draft: Draft, subscription: str) -> Inbox | None:
        """The inbox of a subscription; None when the subscription does not exist."""
        raw = draft.raw(_wish_key(subscription))
        return cls(draft, wire.decode(raw, Subscription), draft.get(_box_key(subscription))) if raw else None

    def put(self, queue: str, item: dict[str, Any]) -> None:
        """Add an item to a queue."""
        self._waiting(queue).append(item)

    def take(self, queue: str) -> list[dict[str, Any]]:
        """Remove all items from a queue and return them, in the order of arrival."""
        return self._waiting(queue).take()

    def mute(self, series: str, until: str) -> None:
        """Hold back alerts of a series."""
        self._mutes.put(series, {"until": until})

    def is_muted(self, series: str, now: datetime) -> bool:
        """Whether the series has a mute that has not ended."""
        mute = self._mutes.get(series)
        if mute is not None and now >= datetime.fromisoformat(mute["until"]):
            self._mutes.drop(series)
            return False
        return mute is not None

    def count(self, name: str, more: int = 1) -> None:
        """Add to the account of the week, once its first week has begun."""
        week = self.value.get("week")
        if week is not None and more:
            week[name] = week.get(name, 0) + more

    def week_ended(self, ends: date) -> dict[str, int] | None:
        """Begin the account of the week after ``ends``, a Monday. Returns the account before it; None when this week has begun already.

        None also the first time, when an account begins.
        """
        before = self.value.get("week")
        if before is not None and before["ends"] >= ends.isoformat():
            return None
        self.value["week"] = {"ends": ends.isoformat()}
        return None if before is None else {name: count for name, count in before.items() if name != "ends"}

    def save(self) -> None:
        """Write the inbox to the state if it changed."""
        raw = wire.dump(self.value)
        if raw != self.draft.raw(_box_key(self.wish.id)):
            self.draft.put_raw(_box_key(self.wish.id), wire.compact(raw))

    def forget(self) -> None:
        """Remove the inbox with all its waiting items."""
        for queue in ("quiet", "digest"):
            self.take(queue)
        self._mutes.clear()
        self.draft.drop(_wish_key(self.wish.id))
        self.draft.drop(_box_key(self.wish.id))

    def _waiting(self, queue: str) -> Log:
        return Log(self._records, f"{queue}/{self.wish.id}")

    @property
    def _mutes(self) -> Table:
        return Table(self._records, f"mutes/{self.wish.id}")


def inboxes_of(draft: Draft, member: str) -> Iterator[Inbox]:
    """The inboxes of a member's subscriptions, by id."""
    for subscription in sorted(_subscribers(draft, member)):
        inbox = Inbox.of(draft, subscription)
        if inbox is not None:
            yield inbox


def subscribe(draft: Draft, subscription: str, wish: Subscription | None) -> None:
    """Store a new or changed wish. None, or a wish with the state removed, deletes the subscription and its waiting items.

    A subscription that changes to another member begins again without waiting items, because only the first member may see them.
    """
    inbox = Inbox.of(draft, subscription)
    before = inbox.wish.member if inbox else None
    after = wish.member if wish and wish.state != "removed" else None
    if inbox is not None and before != after:
        _subscribers(draft, inbox.wish.member).drop(subscription)
        inbox.forget()
    if wish is not None and after is not None:
        if before != after:
            _subscribers(draft, after).put(subscription)
        draft.put_raw(_wish_key(subscription), wire.compact(wire.encode(wish)))


def _subscribers(draft: Draft, member: str) -> Table:
    return Table(Named(draft), f"subscribers/{member}")


def _wish_key(subscription: str) -> bytes:
    return f"subscription/{subscription}".encode()


def _box_key(subscription: str) -> bytes:
    return f"box/{subscription}".encode()
