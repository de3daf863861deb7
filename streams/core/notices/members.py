"""What share keeps of each agency: its profile, how far its journal was read, and what waits for it. State of ``share.v1``.

``members`` -> codes of all agencies with a profile; ``agency/<code>`` -> a ``Member``; ``held/<alert_id>`` -> an alert that waits for
the journal; ``kept/<agency>/<event_id>/<version>`` -> a message to an agency that is not registered yet; ``told/<alert_id>`` -> shared
already; ``red/<event_id>`` -> a TLP:RED case, who may know of it, and its days; ``red-on|red-came/<agency>/<day>`` -> red cases seized
or come on a day, with their goods; ``red-alert/<kind>/<series>/<opened>`` -> who may know of an open alert that is red;
``warning/<event_id>`` -> who is on a warning; ``case/<event_id>`` -> whose case it is; ``early/<event_id>[/<n>]`` -> feedback that came
before what it answers; ``reply/<event_id>`` -> what a feedback answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from schemas import wire
from schemas.control import AgencyProfile
from schemas.limits import CONTROL_SKEW_S
from streams.core.draft import Draft

FORMAT = 1
NETWORK = "network"
"""Stands for all members together: what waits for no single agency's journal."""
LOST_DAYS = 3
"""A clock further behind those of its partition has stopped, and is not waited for (as streams/core/spikes/clocks.py has it)."""
_SKEW = timedelta(seconds=CONTROL_SKEW_S)
_NOTHING: Mapping[str, Any] = {
    "profile": None,
    "in": None,  # partition of its journal
    "offset": -1,  # of its last entry
    "first": "",  # received_at of its first entry
    "received": "",  # and of its last
    "at": "",  # its last tick
    "hour": "",  # local, at its last tick
    "day": "",  # local; it never goes back, as the detectors have it
}


class Member:
    """One agency as the journal has told of it so far."""

    def __init__(self, stored: dict[str, Any] | None) -> None:
        self.value: dict[str, Any] = {"f": FORMAT, **_NOTHING, "held": [], "kept": [], **(stored or {})}
        self._profile: AgencyProfile | None = None

    @property
    def profile(self) -> AgencyProfile | None:
        """What the exchange knows of it; None before its first entry."""
        if self._profile is None and self.value["profile"] is not None:
            self._profile = AgencyProfile.model_validate(self.value["profile"])
        return self._profile

    def learn(self, profile: dict[str, Any]) -> None:
        """Take a new profile."""
        self.value["profile"], self._profile = profile, None

    def has_reached(self, raised_at: str, offset: int | None) -> bool:
        """Whether the journal was read up to what raised an alert: the entry at ``offset``, which says it exactly.

        Where none is told, a tick's ``at`` or a record's ``received_at``: a time long before the first entry was received is the data's
        own, of a replay, so only a tick can be meant.
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


class Members:
    """Every agency, read from the draft when asked for and written back by ``keep``."""

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

    def register(self, agency: str) -> None:
        """Note that an agency has a profile, and with it a topic."""
        if agency not in self._all():
            self._codes = sorted([*self._all(), agency])
            self.draft.put(b"members", {"f": FORMAT, "codes": self._codes})

    def today(self) -> str:
        """The first local day that is not over for all registered members, as far as their journals were read; empty while one has none.

        A member whose clock has stopped is where the newest of its own partition is: another partition may only be read later.
        """
        clocks = [(value["in"], value["hour"][:10]) for profile in self.registered() if (value := self.of(profile.agency).value)]
        if not clocks or not all(day for _, day in clocks):
            return ""
        fronts: dict[int | None, str] = {}
        for partition, day in clocks:
            fronts[partition] = max(day, fronts.get(partition, day))
        return min(fronts[partition] if _days(day, fronts[partition]) > LOST_DAYS else day for partition, day in clocks)

    def keep(self) -> None:
        """Write back what changed. Call it at the end of a run."""
        for agency, member in self._found.items():
            raw = wire.dump(member.value)
            if raw != self.draft.raw(_key(agency)):
                self.draft.put_raw(_key(agency), wire.compact(raw))

    def _all(self) -> list[str]:
        if self._codes is None:
            stored = self.draft.get(b"members")
            self._codes = stored["codes"] if stored else []
        return self._codes


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _key(agency: str) -> bytes:
    return f"agency/{agency}".encode()
