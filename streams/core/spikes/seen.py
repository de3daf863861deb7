"""Counts how often each value of a feature arrived, with a small record for each value, so that no value is ever forgotten.

For each feature, another record has the number of all counted values and the number of values that arrived exactly once. So the question
"how probable is anything new?" needs two records, however many values are known.
"""

from __future__ import annotations

from typing import Any

from mekong.streams.core.spikes.rules import FirstSeenRules
from mekong.streams.core.spikes.store import DetectorStore

_NONE: dict[str, Any] = {"counted": 0, "once": 0}


class Seen:
    """The values that an agency has sent."""

    def __init__(self, store: DetectorStore) -> None:
        self._store = store

    def of(self, feature: str, value: str) -> int:
        """How often a value arrived."""
        found = self._store.get(f"seen/{feature}/{value}")
        return int(found["n"]) if found else 0

    def count(self, feature: str, value: str, times: int = 1) -> None:
        """Count a value ``times`` more."""
        before = self.of(feature, value)
        self._store.put(f"seen/{feature}/{value}", {"n": before + times})
        known = self._store.part(f"known/{feature}", _NONE)
        known["counted"] += times
        known["once"] += (before + times == 1) - (before == 1)

    def novelty(self, feature: str, value: str, rules: FirstSeenRules) -> float | None:
        """The probability that a case has anything new; None unless ``value`` is new and the probability is low.

        The share of values seen exactly once estimates it (Good, Biometrika 40, 1953; with Turing).
        """
        known = self._store.part(f"known/{feature}", _NONE, change=False)
        if known["counted"] < rules.min_cases or self.of(feature, value):
            return None
        chance = float((known["once"] + 1) / (known["counted"] + 1))
        return chance if chance <= rules.novelty else None
