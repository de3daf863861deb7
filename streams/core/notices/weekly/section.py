"""Defines what a section of the weekly summary is: its name, its figures and its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from mekong.schemas.feed_words import Line
from mekong.schemas.languages import Language
from mekong.schemas.vocabulary import Words

Figures = Mapping[str, Any]
"""JSON values by name."""


class Week(NamedTuple):
    """What a section may use: what the state of ``notify`` has of a week and a subscription."""

    ends: date
    """The Monday after it."""
    feed: Figures | None
    """``FeedHealth`` of the member's own feed at the end of the week; None when it was not counted as a whole."""
    account: Mapping[str, int]
    """What the subscription got since the last summary: ``at_once``, ``in_digests``, ``held_back``. Absent is 0."""


class Section(NamedTuple):
    """One part of the weekly summary."""

    name: str
    title: Words
    figures: Callable[[Week], Figures | None]
    """The figures of a week; None when there is nothing to tell. Then the summary does not have the section."""
    lines: Callable[[Figures, Language], Iterable[Line]]
    """The sentences about the figures."""
