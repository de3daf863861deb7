"""Finds the messages that should have a receipt, from messages, receipts and `mekong skip`. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from mekong.deploy.verify.log import Records
from mekong.sinks.base import Source


def without_skipped(
    messages: Mapping[Source, Records], answered: Mapping[str, Sequence[int]], skips: Mapping[str, Iterable[int]]
) -> tuple[dict[Source, Records], dict[str, int]]:
    """The messages without the skipped ones, and how many were skipped by topic.

    Messages get their receipts in order. So a skip leaves out the messages between the last receipt before its offset and that offset.
    A message without a receipt, before a message with a receipt, was not skipped but lost.
    """
    left: dict[Source, Records] = {}
    skipped: dict[str, int] = {}
    for source, found in messages.items():
        receipts = answered.get(source.topic, ())
        spans = [(receipts[at - 1] if (at := bisect_left(receipts, to)) else -1, to) for to in skips.get(source.topic, ())]
        offsets = (
            array("Q", [offset for offset in found.offsets if not any(last < offset < to for last, to in spans)])
            if spans
            else found.offsets
        )
        left[source] = found._replace(offsets=offsets)
        if len(offsets) < len(found.offsets):
            skipped[source.topic] = len(found.offsets) - len(offsets)
    return left, skipped
