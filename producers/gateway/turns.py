"""Says how long the work of one agency pauses between two slices, so that an agency that needs less has its turn. Thread-safe.

The event loop and the couriers share one interpreter. Who pauses leaves it to the others (docs/decisions/0025).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple, TypeVar

T = TypeVar("T")

SLICE = 25
"""Messages of one agency that are judged or sent before another agency gets its turn."""
_SHARE = 4
"""A pause is so many times as long as the slice before it."""
_LONGEST_S = 0.02
_TIMES = 2
"""An agency pauses when it has used over so many times as much as another one whose small request waits,"""
_LEAST_S = 0.02
"""and over so much."""
_HALF_S = 1.0
"""After this time, what was used counts half."""
_WAITS_S = 1.0
"""A small request that is older waits for the broker, and not for the processor."""
_PAUSES_S = 20.0
"""An agency with an older request pauses no more: no proxy shall cut it off because of the pauses."""


class _Request(NamedTuple):
    agency: str
    is_small: bool
    began_s: float
    """Monotonic seconds."""


class Turns:
    """What each agency has used of the processor lately, and which requests are under way."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[object, _Request] = {}
        self._used: dict[str, tuple[float, float]] = {}
        """Agency -> seconds of the processor, and when they were counted (monotonic seconds)."""

    @contextmanager
    def request(self, agency: str, *, is_small: bool) -> Iterator[None]:
        """A request of the agency waits for its answer until the block ends. ``is_small``: it has at most ``SLICE`` messages."""
        token = object()
        with self._lock:
            self._under_way[token] = _Request(agency, is_small, time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                del self._under_way[token]

    def pause_s(self, agency: str, spent_s: float) -> float:
        """Seconds that the agency pauses after a slice that took ``spent_s`` of the processor; 0 while nobody waits who has used less."""
        now_s = time.monotonic()
        with self._lock:
            used = self._now(agency, now_s) + spent_s
            self._used[agency] = used, now_s
            is_late = any(one.agency == agency and one.began_s < now_s - _PAUSES_S for one in self._under_way.values())
            others = [] if is_late else [self._now(other, now_s) for other in self._waiting(now_s) - {agency}]
        return min(spent_s * _SHARE, _LONGEST_S) if others and used > max(_LEAST_S, _TIMES * min(others)) else 0.0

    def _waiting(self, now_s: float) -> set[str]:
        """The agencies whose small requests wait for the processor."""
        return {one.agency for one in self._under_way.values() if one.is_small and one.began_s >= now_s - _WAITS_S}

    def _now(self, agency: str, now_s: float) -> float:
        used, at_s = self._used.get(agency, (0.0, now_s))
        return used * math.exp2((at_s - now_s) / _HALF_S)


def in_slices(items: Iterable[T], pause_s: Callable[[float], float]) -> Iterator[T]:
    """The same, with a pause after each slice and at the end, for a thread. ``pause_s`` gets the seconds of the processor of the slice."""
    began = time.thread_time()
    for count, item in enumerate(items, 1):
        yield item
        if count % SLICE == 0:
            _sleep(pause_s(time.thread_time() - began))
            began = time.thread_time()
    _sleep(pause_s(time.thread_time() - began))


def _sleep(seconds: float) -> None:
    if seconds > 0:  # to sleep for 0 s would give the interpreter away too
        time.sleep(seconds)
