"""The records of alerts that the statistics raise: ``alerts.v1``. A sentence for a person first, then the figures under ``explain``."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Field

from mekong.schemas.record import Moment, Record

MOST_EVENTS = 50
"""Event ids that an alert names; ``more`` counts the rest."""
_NAMESPACE = UUID("6a1f6a52-6d0e-5c0b-9a52-1f0f3d1b7a70")


class Kind(StrEnum):
    """What is unusual. A code is never renamed: subscriptions name it."""

    SPIKE = "SPIKE"  # more cases in a bucket of event time than the past explains
    RETRO_SPIKE = "RETRO_SPIKE"  # late reports make a bucket unusual that was closed long ago
    BULK_REPORT = "BULK_REPORT"  # only the arrivals are unusual: old cases arrived all at once
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
    """A property that is more frequent in the alert's events than it usually is in the agency of the series."""

    feature: Literal["route", "concealment", "place", "substance"]
    value: str
    events: int
    of: int
    usual_share: float
    """The share of the agency's earlier cases that have it, 0 to 1."""


class Sentences(Record):
    """The same in three languages, for people."""

    en: str
    vi: str
    zh: str


class Explain(Record):
    """The figures of the test, for people who ask for them. They are rounded: the last digits of a floating-point sum have no meaning."""

    p: float | None = None
    """Probability of so many or more by chance (mid-p); of SILENCE so few; of FIRST_SEEN that a case shows anything new.

    Of a cleared SPIKE the least it was."""
    bits: float | None = None
    """-log2 of p."""
    q: float | None = None
    """Benjamini-Hochberg among the series judged with it."""
    e_value: float | None = None
    """The value of the series' evidence process. Over 100 happens by chance in less than one of 100 buckets."""
    e_bh: bool | None = None
    """Whether the e-values judged with it are flagged at 10 % false discoveries, under any dependence."""
    dispersion: float | None = None
    """Variance over mean of the counts."""
    completeness: float | None = None
    """The share of the bucket's reports that should have arrived by now."""


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
    """The time of the record or tick that raised the alert."""
    journal_offset: int | None = None
    """The offset of the entry that raised the alert, in its agency's partition.

    None for an alert over all members: the end of a day in all partitions raised it.
    """
    observed: int
    expected: float | None = None
    interval_50: Interval | None = None
    interval_90: Interval | None = None
    ratio: float | None = None
    """Observed over expected."""
    smallest: int | None = None
    """The smallest count that would have opened an alert here."""
    late_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Observed cases that arrived after their bucket had closed."""
    event_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_EVENTS)] = ()
    more: int = 0
    """Number of the alert's events that do not fit into ``event_ids``."""
    stands_out: tuple[StandsOut, ...] = ()
    sql: str
    """The SQL that shows the alert's events in ClickHouse."""
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
