"""Finds the alert that reported each plant, and how long that took. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from mekong.producers.simulation.truth import Planted
from mekong.schemas.alerts import Alert, Kind, State
from mekong.schemas.errors import Refused
from mekong.schemas.wire import decode

_TELLS_OF_SPIKES = frozenset({Kind.SPIKE, Kind.RETRO_SPIKE})
_AFTER = timedelta(days=14)
"""An alert that is later than this after the end of a plant has another cause."""
_DAY_S = 86_400


class Search(NamedTuple):
    """A plant, and the first alert about it."""

    planted: Planted
    alert: Alert | None

    @property
    def days(self) -> float | None:
        """Days from the plant's first day (UTC) to the alert."""
        if self.alert is None:
            return None
        waited = self.alert.raised_at - datetime.combine(self.planted.start, time(), UTC)
        return max(0.0, waited.total_seconds() / _DAY_S)


def read_truth(path: Path) -> list[Planted]:
    """Read the file that ``mekong simulate --truth`` wrote. Raises Refused and names the line that cannot be read."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(decode(line, Planted))
        except ValueError as exc:
            raise Refused(f"{path}, line {number}: is not a line of `mekong simulate --truth`") from exc
    return found


def search(truth: Iterable[Planted], alerts: Iterable[Alert]) -> list[Search]:
    """Find for each plant the first alert of its kind and series, up to two weeks after its end."""
    ordered = sorted((one for one in alerts if one.state is not State.CLEARED), key=lambda one: one.raised_at)
    return [Search(planted, next((alert for alert in ordered if is_about(alert, planted)), None)) for planted in truth]


def is_about(alert: Alert, planted: Planted) -> bool:
    """Whether an alert is about a plant."""
    kinds = _TELLS_OF_SPIKES if planted.expect == "SPIKE" else {Kind(planted.expect)}
    is_its = alert.agency == planted.agency if planted.agency else alert.network
    group_fits = planted.commodity_group is None or alert.commodity_group in {planted.commodity_group, None}
    return alert.kind in kinds and is_its and group_fits and planted.start <= alert.raised_at.date() <= planted.end + _AFTER
