"""Journal entries and rules in; what the detectors would have raised, in the order of the journal, out. Pure.

The detectors are those of the workers ``watch`` and ``network``: what differs is the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.alerts import Alert
from streams.core.spikes.clocks import Expected
from streams.core.spikes.network import Network
from streams.core.spikes.rules import DEFAULT, Rules
from streams.core.spikes.watch import Watch


class Placed(NamedTuple):
    """An entry, and the partition of the journal that it stands in."""

    partition: int
    entry: Mapping[str, Any]


class Replay:
    """All agencies' detectors and those of the network, beginning with nothing. The network waits for who is ``expected``."""

    def __init__(self, rules: Rules = DEFAULT, expected: Expected = Expected(is_replay=True)) -> None:  # noqa: B008 - immutable
        self.rules = rules
        self._watches: dict[str, Watch] = {}
        self._network = Network.from_stored(_nothing, rules, expected)
        self.alerts: list[Alert] = []

    def take(self, placed: Placed) -> None:
        """Fold one entry; what it raises is added to ``alerts``."""
        agency = placed.entry["agency"]
        watch = self._watches.get(agency)
        if watch is None:
            watch = self._watches[agency] = Watch.from_stored(agency, _nothing, self.rules)
        self.alerts += watch.take(placed.entry)
        self.alerts += self._network.take(placed.entry, placed.partition)

    def in_order(self) -> list[Alert]:
        """All alerts by the time they were raised."""
        return sorted(self.alerts, key=lambda alert: (alert.raised_at, alert.series, alert.kind))


def _nothing(name: str) -> None:
    """No detector was ever stored."""
