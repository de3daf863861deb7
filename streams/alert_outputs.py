"""Adds alerts to the outputs of a transaction, each in its partition."""

from __future__ import annotations

from collections.abc import Iterable

from mekong.schemas import wire
from mekong.schemas.alerts import Alert
from mekong.schemas.topics import ALERTS, partition_of
from mekong.streams.lanes import Output, Outputs


def put_alerts(outputs: Outputs, alerts: Iterable[Alert], partition: int | None = None) -> None:
    """Add alerts to ``outputs``: those of an agency in the partition of its journal, those over all members by their series."""
    for alert in alerts:
        where = (ALERTS.name, partition_of(alert.series) if partition is None else partition)
        outputs.setdefault(where, []).append(Output(alert.series.encode(), wire.encode(alert)))
