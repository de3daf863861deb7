"""Knows whether this process is alive and ready, from what its parts report. `/livez` and `/readyz` answer by it (deploy/monitor.py).

A part is a loop or a thread: it promises with each beat when it beats next at the latest. A part that does not keep this is stuck.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Condition:
    """What the parts of a process have reported. Any thread may call it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, tuple[float, float]] = {}
        self._missing: dict[str, str] = {}

    def beat(self, part: str, within_s: float) -> None:
        """The part runs, and will beat again within this time."""
        now = self._clock()
        self._until[part] = (now, now + within_s)

    def report(self, part: str, missing: str = "") -> None:
        """Say what the part still misses before it can do its work, as a sentence; empty: it is ready."""
        self._missing[part] = missing

    def stuck(self) -> str:
        """A sentence about each part that has not beaten in time; empty: all are alive."""
        now = self._clock()
        late = [(part, now - beaten) for part, (beaten, until) in sorted(self._until.copy().items()) if now > until]
        return " ".join(f"{part} has not moved for {seconds:.0f} s." for part, seconds in late)

    def missing(self) -> str:
        """What the process misses before it is ready, as sentences; empty: it is ready."""
        if not self._missing:
            return "The process is starting."
        return " ".join(sentence for _, sentence in sorted(self._missing.copy().items()) if sentence)


CONDITION = Condition()
"""That of this process."""
