"""A deployment in; the entries of its journal, what it alerted, and what people said of it, out. Reads what is committed, as of now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from deploy.alerts import all_alerts
from deploy.backtest.labels import Label, labels_of
from deploy.backtest.replay import Placed
from deploy.subscriptions import read_all
from deploy.verify.log import Log
from schemas.alerts import Alert
from schemas.errors import Refused
from schemas.notifications import Notification
from schemas.settings import Settings
from schemas.subscriptions import Answer
from schemas.topics import ANSWERS, JOURNAL, NOTIFICATIONS
from schemas.wire import load


class Past(NamedTuple):
    """What a deployment told, and the verdicts on it."""

    alerts: list[Alert]
    labels: dict[str, Label]


def read_journal(settings: Settings, begin: Callable[[set[int]], Callable[[Placed], None]]) -> int:
    """Hand over every entry, each partition in its order; how many there were.

    ``begin`` is told the partitions that hold entries, and gives what takes them. Raises Refused when the journal is empty.
    """
    log = Log(settings)
    try:
        ends = {source: end for source, end in log.ends([JOURNAL.name]).items() if end > 0}
        if not ends:
            raise Refused("the journal is empty: nothing was sent here yet, or no `mekong worker intake` runs")
        take = begin({source.partition for source in ends})

        def keep(record: Any) -> bool:
            take(Placed(record.partition, load(record.value)))
            return True

        return sum(len(found.offsets) for found in log.read(ends, keep).values())
    finally:
        log.close()


def read_past(settings: Settings) -> Past:
    """What was told, and what was said of it."""
    log = Log(settings)
    try:
        there = log.topics()
    finally:
        log.close()
    alerts = all_alerts(settings)
    if not {ANSWERS.name, NOTIFICATIONS.name} <= there:
        return Past(alerts, {})
    return Past(alerts, labels_of(read_all(settings, NOTIFICATIONS, Notification), read_all(settings, ANSWERS, Answer)))
