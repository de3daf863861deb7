"""Counts what becomes of an agency's messages until its next tick takes the counts into the journal (``TickEntry.feed``).

A tick follows all messages that arrived before it. So each message is in the counts of exactly one tick. State: ``<agency>/feed`` ->
``Counted`` of the messages since the last tick; absent when there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mekong.schemas.feed_counts import KEPT_CODES, FeedCounts
from mekong.schemas.times import ms_of
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.outputs import IntakeOutput

FORMAT = 1


class Feed:
    """The counts of one agency during a run. They are read when the first message is counted, and ``save`` writes them back."""

    def __init__(self, draft: Draft, agency: str) -> None:
        self._draft, self._key = draft, feed_key(agency)
        self._counts: FeedCounts | None = None

    def add(self, receipt: Mapping[str, Any], received_ms: int) -> None:
        """Count the receipt of a message."""
        if self._counts is None:
            self._counts = self._stored()
        self._counts.add(receipt, received_ms)

    def take(self) -> dict[str, Any] | None:
        """Remove the counts and return them; None when there are none."""
        counts = self._counts or self._stored()
        self._counts = None
        if not counts.messages:
            return None
        if self._draft.raw(self._key) is not None:
            self._draft.drop(self._key)
        return counts.stored()

    def save(self) -> None:
        """Write the counts to the state. Call it at the end of a run."""
        if self._counts is not None and self._counts.messages:
            self._draft.put(self._key, {"f": FORMAT, **self._counts.stored()})

    def _stored(self) -> FeedCounts:
        return FeedCounts.of(self._draft.get(self._key, FORMAT), KEPT_CODES)


def with_feed(output: IntakeOutput, feed: Feed) -> IntakeOutput:
    """The output of a control record. A tick takes the counts."""
    entry = output.entry
    if entry is None or entry["kind"] != "tick" or (counted := feed.take()) is None:
        return output
    return output._replace(entry=entry | {"feed": counted})


def restore_feed(feed: Feed, receipt: Mapping[str, Any], ticks: Mapping[str, int]) -> None:
    """Count a stored receipt again when no tick has taken it. ``ticks``: topic -> the offset of its last tick in the journal."""
    if receipt["source_offset"] > ticks.get(receipt["source_topic"], -1):
        feed.add(receipt, ms_of(datetime.fromisoformat(receipt["received_at"])))


def feed_key(agency: str) -> bytes:
    """The key of an agency's counts."""
    return f"{agency}/feed".encode()
