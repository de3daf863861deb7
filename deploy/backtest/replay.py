"""Runs the detectors on journal entries under given rules, in the order of the journal, and returns the alerts. Pure.

The detectors are those of the workers ``watch`` and ``network``. Only the rules differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mekong.schemas.alerts import Alert
from mekong.streams.core.spikes.agency import AgencyDetectors
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.spikes.network.detectors import NetworkDetectors
from mekong.streams.core.spikes.rules import DEFAULT, Rules


class Placed(NamedTuple):
    """An entry, and its partition of the journal."""

    partition: int
    entry: Mapping[str, Any]


class Replay:
    """The detectors of all agencies and of the network, with an empty state. The network waits for the agencies that are ``expected``."""

    def __init__(self, rules: Rules = DEFAULT, expected: Expected = Expected(is_replay=True)) -> None:  # noqa: B008 - immutable
        self.rules = rules
        self._watches: dict[str, AgencyDetectors] = {}
        self._network = NetworkDetectors.from_stored(_nothing, rules, expected)
        self.alerts: list[Alert] = []

    def take(self, placed: Placed) -> None:
        """Fold one entry and add the alerts that it raises to ``alerts``."""
        agency = placed.entry["agency"]
        watch = self._watches.get(agency)
        if watch is None:
            watch = self._watches[agency] = AgencyDetectors.from_stored(agency, _nothing, self.rules)
        self.alerts += watch.take(placed.entry)
        self.alerts += self._network.take(placed.entry, placed.partition)

    def in_order(self) -> list[Alert]:
        """All alerts by the time they were raised."""
        return sorted(self.alerts, key=lambda alert: (alert.raised_at, alert.series, alert.kind))


def _nothing(name: str) -> None:
    """No detector was ever stored."""
