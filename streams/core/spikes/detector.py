"""What a kind of alert is made of: the contract of the modules in ``DETECTORS`` (docs/add-a-detector.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from schemas.alerts import Alert, Kind
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk


class Tick(NamedTuple):
    """The tick that closes a day: its time (ISO), and the day that begins (ordinal)."""

    at: str
    today: int


class Detector(NamedTuple):
    """One kind of alert. Both functions are pure in the desk: they read and change it, and nothing else."""

    kind: Kind
    purpose: str
    on_case: Callable[[Desk, Case], Iterable[Alert]]
    """Called for each version of a case, in order."""
    on_day: Callable[[Desk, Tick], Iterable[Alert]]
    """Called once for each day that begins, before ``desk.today`` is that day."""


def nothing(desk: Desk, what: Case | Tick) -> Iterable[Alert]:  # noqa: ARG001 - every detector is called alike
    """A detector that has nothing to do at that moment."""
    return ()
