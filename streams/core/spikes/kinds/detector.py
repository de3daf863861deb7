"""Defines the contract of the modules in ``DETECTORS``, one for each kind of alert (docs/add-a-detector.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mekong.schemas.alerts import Alert, Kind
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.store import DetectorStore


class Tick(NamedTuple):
    """The tick that closes a day: its time (ISO), and the day that begins (ordinal)."""

    at: str
    today: int


class Detector(NamedTuple):
    """One kind of alert. Both functions read and change only the store."""

    kind: Kind
    purpose: str
    on_case: Callable[[DetectorStore, Case], Iterable[Alert]]
    """Called for each version of a case, in order."""
    on_day: Callable[[DetectorStore, Tick], Iterable[Alert]]
    """Called once for each day that begins, before ``store.today`` is that day."""


def nothing(store: DetectorStore, what: Case | Tick) -> Iterable[Alert]:  # noqa: ARG001 - every detector is called alike
    """Do nothing, for a detector that does not need this call."""
    return ()
