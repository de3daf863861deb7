"""Decides whether most cases are from members that joined after the series began.

A member that joins is not a spike of all members, because the past of the others says nothing about the new member. While newcomers send
few cases, the series learn this share. When newcomers send more than the other members, the series are begun again with all members.
"""

from __future__ import annotations

from collections.abc import Mapping

from mekong.streams.core.spikes.store import DetectorStore

_KEPT = 0.9
"""The share of its weight that a day keeps on the next day: a case counts for about ten days."""
_LEAST = 3
"""The fewest cases of newcomers after which the series are begun again."""


def outweigh(store: DetectorStore, by_agency: Mapping[str, int]) -> bool:
    """Add the first versions of a day, by agency. Returns whether newcomers outweigh the others; then they are not newcomers any more."""
    part = store.part("members", {"there": [], "new": [], "of_them": 0.0, "of_others": 0.0})
    part["of_them"] *= _KEPT
    part["of_others"] *= _KEPT
    for agency, cases in by_agency.items():
        part["of_them" if agency in part["there"] else "of_others"] += cases
    part["new"] = sorted({*part["new"], *by_agency} - {*part["there"]})
    if part["of_others"] < _LEAST or part["of_others"] <= part["of_them"]:
        return False
    part["there"] = sorted({*part["there"], *part["new"]})
    part["of_them"], part["of_others"], part["new"] = part["of_them"] + part["of_others"], 0.0, []
    return True
