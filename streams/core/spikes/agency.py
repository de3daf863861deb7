"""Runs the detectors on one agency's journal entries, and returns the alerts.

detectors = AgencyDetectors.from_stored("VN-CUSTOMS", rules, get)      # get(name) -> JSON value or None
for entry in entries: alerts += detectors.take(entry)
changed = detectors.stored()                                  # {name: JSON value}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mekong.schemas.alerts import Alert
from mekong.schemas.zones import day_in
from mekong.streams.core.spikes.case import read
from mekong.streams.core.spikes.kinds import DETECTORS
from mekong.streams.core.spikes.kinds.detector import Tick
from mekong.streams.core.spikes.rules import DEFAULT, Rules
from mekong.streams.core.spikes.store import DetectorStore, Get


class AgencyDetectors:
    """The detectors with the store of one agency."""

    def __init__(self, store: DetectorStore) -> None:
        self.store = store

    @classmethod
    def from_stored(cls, agency: str, get: Get, rules: Rules = DEFAULT) -> AgencyDetectors:
        """Continue from what ``stored`` returned. Raises Refused when newer code wrote it."""
        return cls(DetectorStore.from_stored(agency, rules, get))

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of the parts that changed since ``from_stored``; None for a part that must be removed."""
        return self.store.stored()

    def take(self, entry: Mapping[str, Any]) -> list[Alert]:
        """Fold one journal entry (the JSON value of ``mekong.schemas.journal.JournalEntry``)."""
        kind = entry["kind"]
        if kind == "tick":
            return list(self._tick(entry["at"]))
        if kind == "agency":
            self.store.learn_profile(entry["profile"])
            return []
        case = read(entry)
        return [alert for detector in DETECTORS for alert in detector.on_case(self.store, case)] if case else []

    def _tick(self, at: str) -> Iterator[Alert]:
        """Close every day that is over, one after the other. A tick within a day does nothing."""
        store = self.store
        today = day_in(datetime.fromisoformat(at), store.who["zone"]).toordinal()
        if store.today is None:
            store.begin_day(today)
        while store.today is not None and store.today < today:
            tick = Tick(at, store.today + 1)
            for detector in DETECTORS:
                yield from detector.on_day(store, tick)
            store.begin_day(tick.today)
