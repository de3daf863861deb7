"""Declares what the live page shows, as its sources give it: plain values without a language. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from mekong.schemas.counts import Window


class Part(StrEnum):
    """A part of the page that changes by itself. Its value is its name in the page and in the stream."""

    STATE = "state"
    TILES = "tiles"
    ALERTS = "alerts"
    DOTS = "dots"
    OUTSIDE = "outside"
    FEED = "feed"
    AGENCIES = "agencies"
    HEALTH = "health"


WINDOWS: Mapping[str, int] = {Window.HOUR_1: 12, Window.HOURS_24: 24, Window.DAYS_7: 7, Window.DAYS_30: 30}
"""Window -> the number of bars of its sparkline."""
FIRST_WINDOW = Window.HOURS_24


class Row(NamedTuple):
    """One message in the feed: its receipt, and what its entry in the journal says."""

    at: datetime
    place: tuple[str, int]
    """Topic and offset of the message: its identity."""
    agency: str
    case_no: str
    event_id: str
    """Empty when it was rejected."""
    outcome: str
    reason: str = ""
    field: str = ""
    detail: str = ""
    notices: int = 0
    summary: Summary | None = None


class Summary(NamedTuple):
    """What a message is about, from its entry in the journal."""

    family: str
    goods: tuple[tuple[str, str, str], ...]
    """Name, quantity and unit of its first lines."""
    more: int
    """Lines that are not among them."""
    country: str
    tlp: str
    is_simulated: bool = False


class Hour(NamedTuple):
    """The messages of the last hour by outcome, and the number of all in each five minutes of it, the oldest first."""

    outcomes: Mapping[str, int]
    bars: Sequence[int]


class Counted(NamedTuple):
    """The cases of an agency: for each window its bars, the oldest first."""

    agency: str
    name: str
    bars: Mapping[str, Sequence[int]]


class Agencies(NamedTuple):
    """The cases of every agency, as of a moment."""

    as_of: datetime
    is_replay: bool
    """Whether ``as_of`` is the time of the data and not that of the clock."""
    rows: Sequence[Counted]


class Open(NamedTuple):
    """An alert that is open, in its newest state."""

    alert_id: str
    kind: str
    tier: str
    state: str
    agency: str
    commodity_group: str
    opened: date
    raised_at: datetime
    sentences: Mapping[str, str]
    series: str = ""
    ids: Sequence[str] = ()
    """The ids of all its states."""


class Alerts(NamedTuple):
    """The strongest open alerts, the strongest first, and how many there are."""

    rows: Sequence[Open]
    total: int
    severe: int


class Seized(NamedTuple):
    """The cases at one place, or within a quarter of a degree."""

    country: str
    lat: float | None
    lon: float | None
    place: str
    group: str
    cases: int


class Route(NamedTuple):
    """The cases on a route from a country to a country."""

    origin: str
    destination: str
    cases: int


class Places(NamedTuple):
    """Where there were seizures in a window, and on which routes."""

    seized: Mapping[str, Sequence[Seized]]
    """Window -> its places; of very many those with the most cases."""
    routes: Mapping[str, Sequence[Route]]
    totals: Mapping[str, int]
    """Window -> all its cases. A window without a case may be left out."""


class Stage(NamedTuple):
    """One stage of the pipeline."""

    name: str
    waiting: int
    is_stuck: bool
    age_s: float | None
    """Seconds since it wrote last, when it was looked at; None when it never did, or that is not known."""


class Pipeline(NamedTuple):
    """How the pipeline is."""

    at: datetime
    stages: Sequence[Stage]
    trouble: Sequence[str]
    """Sentences in English, with the command that helps."""
