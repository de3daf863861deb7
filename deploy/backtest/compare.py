"""Compares two sets of alerts of one time: how they differ, how often they were right and how soon they were raised. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import NamedTuple

from mekong.deploy.backtest.labels import Label, name_of
from mekong.schemas.alerts import Alert, Kind, State

NETWORK = "network"
_DAY_S = 86_400
_STATES = list(State)


class Period(NamedTuple):
    """Days, both included. ``by_bucket``: an alert belongs to the days it is about, since its times are not the data's own.

    So it is in a stack that was filled by a replay: its clock is off, and records were received when they were replayed.
    """

    first: date
    last: date
    by_bucket: bool = False

    def moment(self, alert: Alert) -> datetime:
        """When the alert was raised."""
        return datetime.combine(alert.bucket.end, time(23), UTC) if self.by_bucket else alert.raised_at

    def holds(self, alert: Alert) -> bool:
        """Whether the alert was raised within the period."""
        return self.first <= self.moment(alert).date() <= self.last


class RaisedAlert(NamedTuple):
    """One alert in all states in which it was raised."""

    name: str
    opened: Alert
    states: tuple[Alert, ...]
    """The states in the order in which they were raised, with the opening."""

    @property
    def height(self) -> Alert:
        """The state in which it was least probable."""
        return min(self.states, key=lambda one: one.explain.p if one.explain.p is not None else 1.0)


class Row(NamedTuple):
    """Alerts of one agency and kind."""

    agency: str
    kind: str
    was: int
    would: int
    both: int


class Precision(NamedTuple):
    """Verdicts on alerts."""

    real: int
    explained: int
    false: int
    unlabelled: int

    @property
    def judged(self) -> int:
        """Alerts with a verdict."""
        return self.real + self.explained + self.false

    @property
    def share(self) -> float | None:
        """Real ones of those with a verdict; None where there is none."""
        return self.real / self.judged if self.judged else None


class Detection(NamedTuple):
    """Days from the first day of a bucket to the telling of its SPIKE."""

    spikes: int
    median_days: float
    slowest_tenth_days: float
    """Nine of ten alerts were faster."""


def raised_alerts(alerts: Iterable[Alert], period: Period) -> dict[str, RaisedAlert]:
    """What was opened in the period, by ``name_of``, with what became of it until its end."""
    states: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: (one.raised_at, _STATES.index(one.state))):
        states.setdefault(name_of(alert), []).append(alert)
    found = {}
    for name, all_states in states.items():
        opened = next((one for one in all_states if one.state is State.OPEN), None)
        if opened is not None and period.holds(opened):
            found[name] = RaisedAlert(name, opened, tuple(all_states))
    return found


def rows(was: Mapping[str, RaisedAlert], would: Mapping[str, RaisedAlert]) -> list[Row]:
    """A row for each agency (all members together last) and kind."""
    counts = [Counter(map(_place, one.values())) for one in (was, would, {name: was[name] for name in was.keys() & would.keys()})]
    places = sorted({place for one in counts for place in one}, key=lambda place: (place[0] == NETWORK, place))
    return [Row(*place, *(one[place] for one in counts)) for place in places]


def only_in(mine: Mapping[str, RaisedAlert], other: Mapping[str, RaisedAlert]) -> list[RaisedAlert]:
    """What the other telling does not have, by time."""
    return sorted((one for name, one in mine.items() if name not in other), key=lambda one: (one.opened.raised_at, one.name))


def precision(found: Mapping[str, RaisedAlert], labels: Mapping[str, Label]) -> Precision:
    """How those with a verdict were judged."""
    counts = Counter(labels.get(name) for name in found)
    return Precision(counts["real"], counts["explained"], counts["false"], counts[None])


def detection(found: Iterable[RaisedAlert]) -> Detection | None:
    """How many days passed until spikes were alerted. None without a spike."""
    days = sorted(days_to_tell(one.opened) for one in found if one.opened.kind is Kind.SPIKE)
    return Detection(len(days), median(days), days[(9 * len(days)) // 10]) if days else None


def days_to_tell(alert: Alert) -> float:
    """Days from the beginning of the alert's bucket (UTC) to the alert."""
    waited: timedelta = alert.raised_at - datetime.combine(alert.bucket.start, time(), UTC)
    return max(0.0, waited.total_seconds() / _DAY_S)


def _place(one: RaisedAlert) -> tuple[str, str]:
    return one.opened.agency or NETWORK, one.opened.kind.value
