"""One agency's journal entries in, its alerts out.

desk = Watch.from_stored("VN-CUSTOMS", rules, get)      # get(name) -> JSON value or None
for entry in entries: alerts += desk.take(entry)
changed = desk.stored()                                  # {name: JSON value}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import Alert
from streams.core.spikes import DETECTORS
from streams.core.spikes.case import read
from streams.core.spikes.desk import Desk, Get
from streams.core.spikes.detector import Tick
from streams.core.spikes.rules import DEFAULT, Rules


class Watch:
    """The detectors over one agency's desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @classmethod
    def from_stored(cls, agency: str, get: Get, rules: Rules = DEFAULT) -> Watch:
        """Go on from what ``stored`` gave. Raises Refused when a newer code wrote it."""
        return cls(Desk.from_stored(agency, rules, get))

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of what changed since ``from_stored``."""
        return self.desk.stored()

    def take(self, entry: Mapping[str, Any]) -> list[Alert]:
        """Fold one journal entry (the JSON value of ``schemas.journal.JournalEntry``)."""
        kind = entry["kind"]
        if kind == "tick":
            return list(self._tick(entry["at"]))
        if kind == "agency":
            self.desk.learn_profile(entry["profile"])
            return []
        case = read(entry)
        return [alert for detector in DETECTORS for alert in detector.on_case(self.desk, case)] if case else []

    def _tick(self, at: str) -> Iterator[Alert]:
        """Close every day that is over, one after the other. A tick within the day costs nothing."""
        desk = self.desk
        today = (datetime.fromisoformat(at) + timedelta(minutes=desk.who["offset"])).toordinal()
        if desk.today is None:
            desk.begin_day(today)
        while desk.today is not None and desk.today < today:
            tick = Tick(at, desk.today + 1)
            for detector in DETECTORS:
                yield from detector.on_day(desk, tick)
            desk.begin_day(tick.today)
