"""Keeps all detector state of one agency between two runs. It reads a part when the part is needed, and returns the parts that changed.

The detectors share the store: its tracks (series), its day, its calendar, and a part of plain JSON for each detector that needs one.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from mekong.schemas.codes import code_list
from mekong.schemas.errors import Refused
from mekong.schemas.zones import name_of
from mekong.streams.core.counts.book import UTC
from mekong.streams.core.spikes.rules import Rules
from mekong.streams.core.spikes.series import completeness
from mekong.streams.core.spikes.series.calendar import Calendar
from mekong.streams.core.spikes.series.track import PARTS, Track
from mekong.streams.core.spikes.wording import sentences

FORMAT = 1
ALL = ""
"""The track of all groups together."""
NETWORK = "network"
"""The store of all members together."""
Get = Callable[[str], Any | None]
"""A stored part by its name, or None."""


class DetectorStore:
    """The store of one agency. ``get`` reads what an earlier ``stored`` returned; nothing is kept elsewhere."""

    def __init__(self, agency: str, rules: Rules, get: Get) -> None:
        self.agency, self.rules, self._get = agency, rules, get
        self._parts: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()
        self._tracks: dict[str, Track] = {}
        self.who = self.part("who", {"zone": UTC, "country": "", "phases": [], "since": None, "today": None, "groups": []}, change=False)
        self.calendar = self._calendar()

    @classmethod
    def from_stored(cls, agency: str, rules: Rules, get: Get) -> DetectorStore:
        """A store from what ``stored`` returned. Raises Refused when newer code wrote it."""
        return cls(agency, rules, get)

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of the parts that changed since they were read; None for a part that must be removed."""
        changed: dict[str, Any] = {name: self._parts.get(name) for name in self._changed}
        for group, track in self._tracks.items():
            changed.update({f"{name}/{group}": value for name, value in track.stored().items()})
        return dict(sorted(changed.items()))

    @property
    def today(self) -> int | None:
        """The agency's local day (ordinal) by its last tick; None before the first."""
        found: int | None = self.who["today"]
        return found

    @property
    def since(self) -> int:
        """The day on which its first case arrived; the last possible day while none has. Cases of earlier days are history."""
        found: int | None = self.who["since"]
        return found if found is not None else date.max.toordinal()

    @property
    def tracks(self) -> Mapping[str, Track]:
        """All tracks: first the groups in the order of their codes, last the track of all groups."""
        return {group: self.track(group) for group in sorted(self.who["groups"], key=lambda group: (group == ALL, group))}

    def part(self, name: str, empty: Mapping[str, Any], *, change: bool = True) -> dict[str, Any]:
        """A detector's own JSON value, which begins as ``empty``. It is written back when ``change`` is set."""
        found = self.get(name)
        if found is None:
            found = self._parts[name] = {"f": FORMAT, **empty}
        if change:
            self._changed.add(name)
        return found

    def get(self, name: str) -> dict[str, Any] | None:
        """A part, or None. With ``get``, ``put`` and ``drop``, a store is a ``mekong.streams.core.collections.Records``."""
        if name in self._parts:
            return self._parts[name]
        found: dict[str, Any] | None = self._stored(name)
        if found is None:
            return None
        if found["f"] > FORMAT:
            raise Refused(
                f"the state of {self.agency} has format {found['f']}, this code knows up to {FORMAT}: deploy the newer code again"
            )
        self._parts[name] = found
        return found

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        """Set a part."""
        self._parts[name] = {**value, "f": FORMAT}
        self._changed.add(name)

    def drop(self, name: str) -> None:
        """Remove a part."""
        self._parts.pop(name, None)
        self._changed.add(name)
        self._gone.add(name)

    @property
    def delays(self) -> dict[str, Any]:
        """The delays of the agency's reports (``completeness``)."""
        return self.part("delays", completeness.begin(), change=False)

    def track(self, group: str) -> Track:
        """The track of a group. It begins when it is first used."""
        found = self._tracks.get(group)
        if found is None:
            self.start()
            now, is_network = self._stored(f"now/{group}"), self.whose is None
            if now is None:
                found = Track(self.since, self.calendar, self.rules.series, is_network=is_network)
            else:

                def read(name: str) -> Any:
                    return now if name == "now" else self._stored(f"{name}/{group}")

                found = Track.from_stored(read, self.since, self.calendar, self.rules.series, is_network=is_network)
            self._tracks[group] = found
            if group not in self.who["groups"]:
                insort(self.edit_who()["groups"], group)
            if now is None and self.today is not None:
                found.wake(self.today)
        return found

    def begin_anew(self) -> None:
        """Remove all series, as if the next case were the first. Late reports are then not a history, because they are incomplete."""
        who = self.edit_who()
        gone = {f"{part}/{group}" for group in who["groups"] for part in PARTS}
        self._changed |= gone
        self._gone |= gone
        self._tracks.clear()
        if self.today is not None and self.since < self.today:
            who["anew"] = True
        who["groups"], who["since"] = [], None

    def edit_who(self) -> dict[str, Any]:
        """The agency's own facts. The caller may change them."""
        self._changed.add("who")
        return self.who

    def learn_profile(self, profile: Mapping[str, Any]) -> None:
        """Store the facts of a profile: the time zone, the country, and the phases in which the agency is a member."""
        who = self.edit_who()
        who["zone"] = name_of(profile)
        who["country"], who["name"] = profile["country"], profile["name"]
        self.set_phases(phases_of(profile))

    def set_phases(self, phases: list[list[int]]) -> None:
        """Set the phases: first and last day (ordinals) of each."""
        self.edit_who()["phases"] = phases
        self.calendar = self._calendar()
        for track in self.tracks.values():
            track.calendar = self.calendar

    def begin_day(self, today: int) -> None:
        """Begin a day, after a tick."""
        self.edit_who()["today"] = today
        if self.who["groups"]:
            self.start()
        for track in self.tracks.values():
            track.since = self.since
            track.wake(today)

    @property
    def whose(self) -> str | None:
        """The agency; None for all members together."""
        return None if self.agency == NETWORK else self.agency

    def start(self) -> None:
        """Note that a case has arrived. From today on, every day counts, also a day without a case."""
        if self.who["since"] is None and self.today is not None:
            self.edit_who()["since"] = self.today

    def name(self, language: str) -> str:
        """The name of the agency in a language."""
        if self.whose is None:
            return sentences.ALL_MEMBERS[language]
        entry = code_list("agencies").get(self.agency)
        return entry.label(language) if entry else str(self.who.get("name", self.agency))

    def _stored(self, name: str) -> Any | None:
        return None if name in self._gone else self._get(name)

    def _calendar(self) -> Calendar:
        return Calendar(self.who["country"], tuple((first, last) for first, last in self.who["phases"]))


def phases_of(profile: Mapping[str, Any]) -> list[list[int]]:
    """First and last day of the phases that an agency takes part in; an observer need not report."""
    return [
        [date.fromisoformat(member["starts_on"]).toordinal(), date.fromisoformat(member["ends_on"]).toordinal()]
        for member in profile.get("memberships", ())
        if member["role"] != "observer"
    ]
