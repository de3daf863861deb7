"""What was planted and the alerts in; which alert told of each plant, and after how long, out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from producers.simulation.truth import Planted
from schemas.alerts import Alert, Kind, State
from schemas.errors import Refused
from schemas.wire import decode

_TELLS_OF_SPIKES = frozenset({Kind.SPIKE, Kind.RETRO_SPIKE})
_AFTER = timedelta(days=14)
"""An alert of a series later than this after a plant's end tells of something else."""
_DAY_S = 86_400


class Search(NamedTuple):
    """A plant, and the first alert that told of it."""

    planted: Planted
    alert: Alert | None

    @property
    def days(self) -> float | None:
        """From the plant's first day (UTC) to the alert."""
        if self.alert is None:
            return None
        waited = self.alert.raised_at - datetime.combine(self.planted.start, time(), UTC)
        return max(0.0, waited.total_seconds() / _DAY_S)


def read_truth(path: Path) -> list[Planted]:
    """The file that ``mekong simulate --truth`` wrote. Raises Refused with the line that is none of it."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(decode(line, Planted))
        except ValueError as exc:
            raise Refused(f"{path}, line {number}: is no line of `mekong simulate --truth`") from exc
    return found


def search(truth: Iterable[Planted], alerts: Iterable[Alert]) -> list[Search]:
    """For each plant the first alert of its kind and series within two weeks of its end."""
    ordered = sorted((one for one in alerts if one.state is not State.CLEARED), key=lambda one: one.raised_at)
    return [Search(planted, next((alert for alert in ordered if tells_of(alert, planted)), None)) for planted in truth]


def tells_of(alert: Alert, planted: Planted) -> bool:
    """Whether an alert is about a plant."""
    kinds = _TELLS_OF_SPIKES if planted.expect == "SPIKE" else {Kind(planted.expect)}
    is_its = alert.agency == planted.agency if planted.agency else alert.network
    group_fits = planted.commodity_group is None or alert.commodity_group in {planted.commodity_group, None}
    return alert.kind in kinds and is_its and group_fits and planted.start <= alert.raised_at.date() <= planted.end + _AFTER
