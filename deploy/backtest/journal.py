"""Reads the journal of a deployment, its alerts, and what people answered. Reads what is committed now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mekong.deploy.alerts import all_alerts
from mekong.deploy.backtest.labels import Label, labels_of
from mekong.deploy.backtest.replay import Placed
from mekong.deploy.subscriptions import read_all
from mekong.deploy.verify.log import Log
from mekong.schemas.alerts import Alert
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Notification
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer
from mekong.schemas.topics import ANSWERS, JOURNAL, NOTIFICATIONS
from mekong.schemas.wire import load


class Past(NamedTuple):
    """The alerts of a deployment, and the verdicts on them."""

    alerts: list[Alert]
    labels: dict[str, Label]


def read_journal(settings: Settings, begin: Callable[[set[int]], Callable[[Placed], None]]) -> int:
    """Read every entry, each partition in its order, and return how many there were.

    ``begin`` receives the partitions that have entries, and returns the function that receives each entry. Raises Refused when the
    journal is empty.
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
    """Read the alerts, and the verdicts on them."""
    log = Log(settings)
    try:
        there = log.topics()
    finally:
        log.close()
    alerts = all_alerts(settings)
    if not {ANSWERS.name, NOTIFICATIONS.name} <= there:
        return Past(alerts, {})
    return Past(alerts, labels_of(read_all(settings, NOTIFICATIONS, Notification), read_all(settings, ANSWERS, Answer), alerts))
