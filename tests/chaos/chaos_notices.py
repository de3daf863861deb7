"""Alerts, journal and what was shared in; what must be shared and told out: the truth, in plain Python and nothing of the product.

Written from docs (notifications.md, decisions 0010 and 0011) and issue: who sees an alert or a message, and who is told of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from chaos_subscribers import Wish

HOUR = timedelta(hours=1)
Json = dict[str, Any]
Told = tuple[str, ...]
"""What a record or notification is about: ``alert`` and its id, ``warning`` or ``feedback`` with event id and version, ``reminder`` …"""


class Phase(NamedTuple):
    """The one phase of a run."""

    first: date
    last: date
    members: Collection[str]
    groups: Collection[str]

    def shows(self, alert: Mapping[str, Any], member: str) -> bool:
        """Whether ``member`` may see an alert: its own, or one of the phase they share."""
        if alert.get("agency") == member:
            return True
        start, end = (date.fromisoformat(alert["bucket"][one]) for one in ("start", "end"))
        group = alert.get("commodity_group")
        is_of_it = alert.get("agency") in {None, *self.members} and (group is None or group in self.groups)
        return is_of_it and member in self.members and start <= self.last and self.first <= end


def shares(alerts: Iterable[Json], journal: Iterable[Json], members: Collection[str], phase: Phase) -> Counter[tuple[str, Told]]:
    """Member and what is on its topic, once each. ``journal``: entries, those of one agency in order."""
    states = {alert["alert_id"]: alert for alert in alerts}
    found: Counter[tuple[str, Told]] = Counter()
    for name, alert in states.items():
        found.update((member, ("alert", name)) for member in members if phase.shows(alert, member))
    versions = [entry for entry in journal if entry["kind"] == "version"]
    letters = [entry for entry in versions if entry["family"] != "case"]
    answerable = {entry["event_id"]: entry["agency"] for entry in versions if entry["family"] != "feedback"}
    named: dict[str, set[str]] = defaultdict(set)
    for one in (entry for entry in letters if entry["family"] == "warning"):
        named[one["event_id"]] |= {one["agency"], *one["content"].get("to", ())}
        found.update((member, about(one)) for member in named[one["event_id"]] if member in members)
    answered: dict[str, str] = {}
    for one in (entry for entry in letters if entry["family"] == "feedback"):
        answered[one["event_id"]] = one["content"].get("in_reply_to") or answered[one["event_id"]]
        if answered[one["event_id"]] in answerable:
            found.update((member, about(one)) for member in {one["agency"], answerable[answered[one["event_id"]]]})
    return found


def about(entry: Mapping[str, Any]) -> Told:
    """What names a version of a warning or feedback."""
    return (entry["family"], entry["event_id"], str(entry["version"]))


def wanted(wish: Wish, shared: Iterable[Json]) -> Counter[Told]:
    """What a subscription is to be told of what was shared with its member (in order), once each; without signs of life and tests."""
    due = Due(wish.member)
    found: Counter[Told] = Counter()
    for one in shared:
        if one["kind"] == "alert":
            found[("alert", one["alert"]["alert_id"])] += wish.wants(one["alert"])
        elif one["kind"] != "hour" and one["message"]["agency"] != wish.member:
            found[about(one["message"])] += 1
        found.update(due.take(one))
    return +found


@dataclass
class _Asked:
    sender: str
    by: datetime | None
    to: Sequence[str]


@dataclass
class Due:
    """Reminders of one member. Its time is that of the last hour, and at most an hour more."""

    member: str
    _hour: datetime | None = None
    _now: datetime | None = None
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _answers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _reminded: set[tuple[str, datetime]] = field(default_factory=set)

    def take(self, shared: Json) -> list[Told]:
        """Take the next record; the reminders that it brings."""
        at = datetime.fromisoformat(shared["at"])
        if shared["kind"] == "hour":
            self._hour = max(at, self._hour or at)
            at = self._hour
        if self._hour:
            self._now = max(self._now or at, min(at, self._hour + HOUR))
        if shared["kind"] in {"warning", "feedback"}:
            self._note(shared["message"])
        return list(self._late())

    def _note(self, entry: Json) -> None:
        content = entry["content"]
        if entry["family"] == "feedback":
            if entry["status"] == "current":
                self._answers[content["in_reply_to"]].add(entry["agency"])
            return
        by = content.get("feedback_by") if entry["status"] == "current" else None
        self._asked[entry["event_id"]] = _Asked(entry["agency"], datetime.fromisoformat(by) if by else None, content.get("to", ()))

    def _late(self) -> Iterable[Told]:
        for event_id, asked in self._asked.items():
            if self._now is None or asked.by is None or asked.by > self._now or (event_id, asked.by) in self._reminded:
                continue
            self._reminded.add((event_id, asked.by))
            whose = asked.to if asked.sender == self.member else [self.member] if self.member in asked.to else []
            missing = sorted(one for one in whose if one not in self._answers[event_id])
            if missing:
                yield ("reminder", event_id, asked.by.isoformat(), *missing)
