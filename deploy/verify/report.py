"""Compares what is on a topic with what is in the store. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 10
"""Examples of a difference that are kept; all are counted."""


@dataclass
class Check:
    """One promise, held against the facts."""

    name: str
    promise: str
    expected: int = 0
    found: int = 0
    missing: int = 0
    doubled: int = 0
    """Rows too many of something that is there already."""
    foreign: int = 0
    """Rows of something that should not be there at all."""
    different: int = 0
    """There once, but not with the content it should have."""
    dead: int = 0
    """Put aside: refused by the store and kept as dead letters instead, or left out by a worker."""
    examples: list[str] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """How many things are not as promised."""
        return self.missing + self.doubled + self.foreign + self.different + self.dead

    @property
    def holds(self) -> bool:
        """Whether the promise holds."""
        return self.differences == 0

    def say(self, example: str) -> None:
        """Keep an example of a difference."""
        if len(self.examples) < SHOWN:
            self.examples.append(example)


@dataclass
class Report:
    """Every check, and what was not looked at because it was still on its way."""

    checks: list[Check]
    pending: list[str]
    """Parts that had not processed everything within the wait; a check may differ because of it."""
    seconds: float
    notes: list[str] = field(default_factory=list)
    """Further notes for the reader."""
    not_proved: list[str] = field(default_factory=list)
    """What nobody should conclude from it."""

    @property
    def holds(self) -> bool:
        """Whether all promises hold, and nothing was still on its way."""
        return not self.pending and all(check.holds for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The report for a script."""
        checks = [{**asdict(check), "differences": check.differences, "holds": check.holds} for check in self.checks]
        told = {"pending": self.pending, "notes": self.notes, "not_proved": self.not_proved}
        return {"holds": self.holds, "checks": checks, **told, "seconds": round(self.seconds, 2)}


def compare(check: Check, where: str, expected: array[int], found: array[int], dead: array[int]) -> None:
    """Hold offsets that should be stored against those that are, each in ascending order; the store's may hold doubles."""
    check.expected += len(expected)
    check.found += len(found)
    if dead:
        check.dead += len(dead)
        check.say(f"{where} offset {dead[0]} is a dead letter")
    if not dead and expected == found:
        return
    rows = Counter(found)
    rows.update(dead)
    wanted = set(expected)
    for kind, offsets in (
        ("missing", sorted(wanted - rows.keys())),
        ("doubled", sorted(offset for offset, times in rows.items() if times > 1)),
        ("foreign", sorted(rows.keys() - wanted)),
    ):
        number = sum(rows[offset] - 1 for offset in offsets) if kind == "doubled" else len(offsets)
        setattr(check, kind, getattr(check, kind) + number)
        if offsets:
            check.say(f"{where} offset {offsets[0]} is {kind}" + (f", and {len(offsets) - 1:,} more" if len(offsets) > 1 else ""))
