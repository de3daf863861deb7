"""A day's cases by member in; whether most of what comes is of members that were not there when the series began, out.

A member that joins is no spike of all members: what was learnt of the others says nothing of it. While newcomers are few the series learn
their share; when they outweigh those who were there, the series begin anew with all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.core.spikes.desk import Desk

_KEPT = 0.9
"""Of a day's weight, on the next: a case counts for some ten days."""
_LEAST = 3
"""Cases of newcomers that begin the series anew."""


def outweigh(desk: Desk, by_agency: Mapping[str, int]) -> bool:
    """Take in the first versions of a day, by agency. Says whether newcomers now outweigh the others, who then are all of them."""
    part = desk.part("members", {"there": [], "new": [], "of_them": 0.0, "of_others": 0.0})
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
