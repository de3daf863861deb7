"""What the statistics say by themselves: ``alerts.v1``. First a sentence for a person; the figures of the test under ``explain``."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Field

from schemas.record import Moment, Record

MOST_EVENTS = 50
"""Event ids that an alert names; ``more`` counts the rest."""
_NAMESPACE = UUID("6a1f6a52-6d0e-5c0b-9a52-1f0f3d1b7a70")


class Kind(StrEnum):
    """What is unusual. A code is never renamed: subscriptions name it."""

    SPIKE = "SPIKE"  # more cases in a bucket of event time than the past explains
    RETRO_SPIKE = "RETRO_SPIKE"  # late reports make a bucket unusual that was closed long ago
    BULK_REPORT = "BULK_REPORT"  # only the arrivals are unusual: old cases came at once
    FIRST_SEEN = "FIRST_SEEN"  # a route, concealment, substance or taxon, or their combination, never seen before
    SILENCE = "SILENCE"  # a member of an active phase that usually reports has stopped
    MAJOR = "MAJOR"  # one case above a declared mass or number, or above nearly all of the network's


class Tier(StrEnum):
    """How improbable it is by chance; the thresholds are rules."""

    NOTICE = "NOTICE"
    SPIKE = "SPIKE"
    SEVERE = "SEVERE"


class State(StrEnum):
    """An unusual time opens, may escalate once, and is cleared. Kinds that are over at once only open."""

    OPEN = "open"
    ESCALATED = "escalated"
    CLEARED = "cleared"


class Span(Record):
    """The span that was judged, by event time; both days are included."""

    size: Literal["day", "week", "month"]
    """Chosen for each series by how often it has a case and how exactly its dates are known."""
    start: date
    end: date


class Interval(Record):
    """Counts from ``low`` to ``high``, both included."""

    low: int
    high: int


class StandsOut(Record):
    """A property that is commoner in the events behind the alert than it usually is in the series' agency."""

    feature: Literal["route", "concealment", "place", "substance"]
    value: str
    events: int
    of: int
    usual_share: float
    """Of the agency's earlier cases, 0 to 1."""


class Sentences(Record):
    """The same in three languages, for people."""

    en: str
    vi: str
    zh: str


class Explain(Record):
    """The figures behind it, for those who ask. Rounded: the last digits of a floating-point sum mean nothing."""

    p: float | None = None
    """Probability of so many or more by chance (mid-p); of SILENCE so few; of FIRST_SEEN that a case shows anything new.

    Of a cleared SPIKE the least it was."""
    bits: float | None = None
    """-log2 of p."""
    q: float | None = None
    """Benjamini-Hochberg among the series judged with it."""
    e_value: float | None = None
    """Of the series' evidence process: over 100 happens by chance in less than one of 100 buckets."""
    e_bh: bool | None = None
    """Whether the e-values judged with it are flagged at 10 % false discoveries, under any dependence."""
    dispersion: float | None = None
    """Variance over mean of the counts."""
    completeness: float | None = None
    """Share of the bucket's reports that should have come by now."""


class Alert(Record):
    """One alert in one state. Keyed by ``series``; ``alert_id`` is the same whenever the journal is folded again."""

    format: int = 1
    alert_id: UUID
    kind: Kind
    state: State
    tier: Tier
    series: str
    """``<agency>``, ``<agency>/<commodity group>``, ``network/<commodity group>`` or ``network``: what a mute names."""
    agency: str | None = None
    """None: over all members."""
    commodity_group: str | None = None
    """None: all groups together."""
    network: bool = False
    bucket: Span
    opened: date
    """First day of the bucket that opened it."""
    raised_at: Moment
    """Of the record or tick that raised it."""
    journal_offset: int | None = None
    """Of the entry that raised it, in its agency's partition; None over all members, where a day's end in all partitions did."""
    observed: int
    expected: float | None = None
    interval_50: Interval | None = None
    interval_90: Interval | None = None
    ratio: float | None = None
    """Observed over expected."""
    smallest: int | None = None
    """The smallest count that would have opened an alert here."""
    late_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the observed cases, those that came after their bucket had closed."""
    event_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_EVENTS)] = ()
    more: int = 0
    """Events behind it that ``event_ids`` has no room for."""
    stands_out: tuple[StandsOut, ...] = ()
    sql: str
    """Shows the events behind it in ClickHouse."""
    sentences: Sentences
    explain: Explain = Explain()
    rules: str
    """Version of the rules it was raised under."""


def alert_id(kind: Kind, series: str, opened: str, state: State) -> UUID:
    """The id of one state of one alert: a rebuild of the journal raises nothing twice."""
    return uuid5(_NAMESPACE, f"{kind}|{series}|{opened}|{state}")


def series_key(agency: str | None, commodity_group: str | None) -> str:
    """The text that names a series."""
    return "/".join(part for part in (agency or "network", commodity_group) if part)
