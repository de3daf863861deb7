"""Keeps share's data of each agency: its profile, how far its journal was read, and what waits for it, in the state ``share.v1``.

``members`` -> codes of all agencies with a profile; ``time`` -> the last tick of each partition itself; ``agency/<code>`` -> a
``Member``; ``fronts`` -> how far each partition was read;
``held-for/<agency>`` (a log) -> alerts that wait for the journal, ``held/<alert_id>`` -> one of them; ``told/<alert_id>`` -> shared
already; ``waiting*``, ``kept/*`` -> messages to agencies that are not registered yet (unregistered.py); ``red*`` -> TLP:RED cases (red.py);
``warning/<event_id>`` -> the sender and recipients of a warning; ``case/<event_id>`` -> the agency of a case; ``early/<event_id>[/<n>]`` ->
feedback that was read before the warning or case that it answers; ``reply/<event_id>`` -> the warning or case that a feedback answers;
``feed/<agency>*`` -> what became of an agency's messages in the last weeks (feeds.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile
from mekong.schemas.limits import CONTROL_SKEW_S
from mekong.streams.core.draft import Draft
from mekong.streams.core.stopped import has_stopped

FORMAT = 2
"""The format of the state. Format 1 kept waiting items in lists inside values (older.py)."""
NETWORK = "network"
"""The name of all members together, for alerts that do not wait for the journal of a single agency."""
_SKEW = timedelta(seconds=CONTROL_SKEW_S)
_NOTHING: Mapping[str, Any] = {
    "profile": None,
    "in": None,  # partition of its journal
    "offset": -1,  # of its last entry
    "since": "",  # how far its partition was read when it was registered
    "first": "",  # received_at of its first entry
    "received": "",  # and of its last
    "at": "",  # its last tick
    "hour": "",  # local, at its last tick
    "day": "",  # local; it never moves back, as in the detectors
}


class Member:
    """One agency, as far as its journal was read."""

    def __init__(self, stored: dict[str, Any] | None) -> None:
        self.value: dict[str, Any] = {**_NOTHING, **(stored or {}), "f": FORMAT}
        self._profile: AgencyProfile | None = None

    @property
    def profile(self) -> AgencyProfile | None:
        """The profile of the agency; None before its first profile was read."""
        if self._profile is None and self.value["profile"] is not None:
            self._profile = AgencyProfile.model_validate(self.value["profile"])
        return self._profile

    def learn(self, profile: dict[str, Any], moment: str) -> None:
        """Store a new profile."""
        if self.value["profile"] is None:
            self.value["since"] = moment
        self.value["profile"], self._profile = profile, None

    def order(self, order: Mapping[str, Any]) -> None:
        """Store whether the agency's topic is parked."""
        if order["action"] != "skip":
            self.value["parked"] = order["action"] == "park"

    @property
    def is_away(self) -> bool:
        """Whether the agency is parked, disabled or removed. Then nobody waits for its clock."""
        return bool(self.value.get("parked")) or (self.profile is not None and self.profile.status != "active")

    def has_reached(self, raised_at: str, offset: int | None) -> bool:
        """Whether the journal was read up to the entry that raised an alert. ``offset`` names this entry exactly.

        Without an offset, the time decides: it is the ``at`` of a tick or the ``received_at`` of a record. A time long before the first
        entry was received is the time of a replay's data. Then only the time of a tick counts.
        """
        value = self.value
        if offset is not None:
            return int(value["offset"]) >= offset
        if not value["first"]:
            return False
        wanted = datetime.fromisoformat(raised_at)
        if value["at"] and wanted <= datetime.fromisoformat(value["at"]):
            return True
        is_replay = wanted < datetime.fromisoformat(value["first"]) - _SKEW
        return not is_replay and wanted <= datetime.fromisoformat(value["received"])


class _Clock(NamedTuple):
    partition: int
    day: str
    is_away: bool

    def has_stopped(self, front: str) -> bool:
        """Whether the clock has stopped. ``front`` is the newest day of its partition."""
        behind = date.fromisoformat(front) - date.fromisoformat(self.day)
        return has_stopped(behind.days, is_away=self.is_away)


class Members:
    """All agencies. Each is read from the draft when it is needed, and ``save`` writes it back."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._found: dict[str, Member] = {}
        self._codes: list[str] | None = None

    def of(self, agency: str) -> Member:
        """An agency, known or not."""
        found = self._found.get(agency)
        if found is None:
            found = self._found[agency] = Member(self.draft.get(_key(agency)))
        return found

    def registered(self) -> list[AgencyProfile]:
        """The profiles of all agencies that have one, by code."""
        return [profile for code in self._all() if (profile := self.of(code).profile) is not None]

    def codes(self) -> list[str]:
        """The codes of all agencies that have a profile."""
        return list(self._all())

    def register(self, agency: str) -> None:
        """Note that an agency has a profile, and with it a topic."""
        if agency not in self._all():
            self._codes = sorted([*self._all(), agency])
            self.draft.put(b"members", {"f": FORMAT, "codes": self._codes})

    def today(self) -> str:
        """The first local day that is not over for all registered members, as far as their journals were read; empty while one has no day.

        A member whose clock has stopped has the newest day of its own partition. A member that is away has it at once. Other partitions are
        not compared, because they may be read later.
        """
        fronts = {int(partition): at[:10] for partition, at in self._times().items()}
        clocks = [clock for profile in self.registered() if (clock := self._clock_of(self.of(profile.agency), fronts))]
        if not clocks or not all(clock.day for clock in clocks):
            return ""
        for clock in clocks:
            fronts[clock.partition] = max(clock.day, fronts.get(clock.partition, clock.day))
        return min(fronts[one.partition] if one.has_stopped(fronts[one.partition]) else one.day for one in clocks)

    def pass_time(self, partition: int, at: str) -> None:
        """Move the time of a partition to ``at``."""
        times = self._times()
        self.draft.put(b"time", {"f": FORMAT, "at": {**times, str(partition): max(at, times.get(str(partition), ""))}})

    def _times(self) -> dict[str, str]:
        stored = self.draft.get(b"time")
        return stored["at"] if stored else {}

    def _clock_of(self, member: Member, fronts: Mapping[int, str]) -> _Clock | None:
        """The clock of a member, with an empty day before its first tick; None when the member is away and has no day.

        When its partition has ticks of its own, the member has the day of its first entry until its first tick.
        """
        value = member.value
        day = value["hour"][:10] or (value["first"][:10] if value["in"] in fronts else "")
        return None if member.is_away and not day else _Clock(value["in"], day, member.is_away)

    def save(self) -> None:
        """Write the changed agencies to the state. Call it at the end of a run."""
        for agency, member in self._found.items():
            raw = wire.dump(member.value)
            if raw != self.draft.raw(_key(agency)):
                self.draft.put_raw(_key(agency), wire.compact(raw))

    def _all(self) -> list[str]:
        if self._codes is None:
            stored = self.draft.get(b"members")
            self._codes = stored["codes"] if stored else []
        return self._codes


def _key(agency: str) -> bytes:
    return f"agency/{agency}".encode()
