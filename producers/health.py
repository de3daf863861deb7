"""Reads the receipts of the last months of some agencies, and computes the health of each feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from mekong.producers.way import AnyMailbox
from mekong.schemas.feed import LOOKS_BACK, FeedHealth, feed_health
from mekong.schemas.receipts import Receipt


def read_health(mailbox: AnyMailbox, wanted: Mapping[str, str], now: datetime) -> dict[str, FeedHealth]:
    """Agency -> the health of its feed at ``now``. ``wanted``: agency -> its ``in.`` topic. The mailbox follows nothing yet."""
    mailbox.follow(wanted.values(), mailbox.since(wanted.values(), now - LOOKS_BACK))
    found: defaultdict[str, list[Receipt]] = defaultdict(list)
    for receipts in mailbox.to_end():
        for receipt in receipts:
            found[receipt.source_topic].append(receipt)
    return {agency: feed_health(found[topic], now) for agency, topic in wanted.items()}
