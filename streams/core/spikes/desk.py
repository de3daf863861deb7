"""All that is kept of one agency between two runs, read when it is asked for, and given back where it changed.

The detectors share it: its tracks (series), its day, its calendar, and a part of plain JSON for each detector that wants one.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from schemas.codes import code_list
from schemas.errors import Refused
from streams.core.counts.fold import minutes_of
from streams.core.spikes import completeness, wording
from streams.core.spikes.calendar import Calendar
from streams.core.spikes.rules import Rules
from streams.core.spikes.track import PARTS, Track

FORMAT = 1
ALL = ""
"""The track of all groups together."""
NETWORK = "network"
"""The desk of all members together."""
Get = Callable[[str], Any | None]
"""A stored part by its name, or None."""


class Desk:
    """One agency. ``get`` reads what an earlier ``stored`` gave; nothing else is kept anywhere."""

    def __init__(self, agency: str, rules: Rules, get: Get) -> None:
        self.agency, self.rules, self._get = agency, rules, get
        self._parts: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()
        self._tracks: dict[str, Track] = {}
        self.who = self.part("who", {"offset": 0, "country": "", "phases": [], "since": None, "today": None, "groups": []}, change=False)
        self.calendar = self._calendar()

    @classmethod
    def from_stored(cls, agency: str, rules: Rules, get: Get) -> Desk:
        """Read what ``stored`` gave. Raises Refused when a newer code wrote it."""
        return cls(agency, rules, get)

    def stored(self) -> dict[str, Any]:
        """Name -> JSON value of the parts that changed since they were read; None for one that is to be forgotten."""
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
        """The day on which its first case came; the end of time while none has. What is older is history."""
        found: int | None = self.who["since"]
        return found if found is not None else date.max.toordinal()

    @property
    def tracks(self) -> Mapping[str, Track]:
        """Every track there is, the groups first (in order of their codes) and all together last."""
        return {group: self.track(group) for group in sorted(self.who["groups"], key=lambda group: (group == ALL, group))}

    def part(self, name: str, empty: Mapping[str, Any], *, change: bool = True) -> dict[str, Any]:
        """A detector's own JSON, beginning as ``empty``; written back when ``change``."""
        if name not in self._parts:
            found = self._stored(name)
            if found is not None and found["f"] > FORMAT:
                raise Refused(
                    f"the state of {self.agency} has format {found['f']}, this code knows up to {FORMAT}: deploy the newer code again"
                )
            self._parts[name] = {"f": FORMAT, **empty} if found is None else found
        if change:
            self._changed.add(name)
        return self._parts[name]

    def drop(self, name: str) -> dict[str, Any]:
        """Take a detector's part out for good."""
        found = self.part(name, {})
        del self._parts[name]
        self._gone.add(name)
        return found

    @property
    def delays(self) -> dict[str, Any]:
        """How late the agency's reports come (``completeness``)."""
        return self.part("delays", completeness.begin(), change=False)

    def track(self, group: str) -> Track:
        """The track of a group, which begins when it is first asked for."""
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
        """Forget all series, as if the next case were the first. Late reports are then no history: they are not all there was."""
        who = self.edit_who()
        gone = {f"{part}/{group}" for group in who["groups"] for part in PARTS}
        self._changed |= gone
        self._gone |= gone
        self._tracks.clear()
        if self.today is not None and self.since < self.today:
            who["anew"] = True
        who["groups"], who["since"] = [], None

    def edit_who(self) -> dict[str, Any]:
        """The agency's own facts, to change."""
        self._changed.add("who")
        return self.who

    def learn_profile(self, profile: Mapping[str, Any]) -> None:
        """Take an agency's profile: where its day ends, its country, and the phases it is a member of."""
        who = self.edit_who()
        who["offset"] = minutes_of(profile["utc_offset"])
        who["country"], who["name"] = profile["country"], profile["name"]
        self.set_phases(phases_of(profile))

    def set_phases(self, phases: list[list[int]]) -> None:
        """First and last day (ordinals) of each phase that is known."""
        self.edit_who()["phases"] = phases
        self.calendar = self._calendar()
        for track in self.tracks.values():
            track.calendar = self.calendar

    def begin_day(self, today: int) -> None:
        """A tick has said that the day begins."""
        self.edit_who()["today"] = today
        if self.who["groups"]:
            self.start()
        for track in self.tracks.values():
            track.since = self.since
            track.wake(today)

    @property
    def whose(self) -> str | None:
        """The agency; None where it is all members."""
        return None if self.agency == NETWORK else self.agency

    def start(self) -> None:
        """A case has come: from today on its days count, also those without a case."""
        if self.who["since"] is None and self.today is not None:
            self.edit_who()["since"] = self.today

    def name(self, language: str) -> str:
        """What people call the agency."""
        if self.whose is None:
            return wording.ALL_MEMBERS[language]
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
