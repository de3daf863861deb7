"""Gives the published totals and the days of a phase, by its code."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from mekong.schemas.codes import code_list
from mekong.schemas.errors import Refused

OPERATION = "OMD"
PHASE_DAYS = 154
"""15 April to 15 September, both included: what the phases since III last."""
GROUPS = ("drug", "precursor", "fauna", "flora", "timber")
CITES = ("fauna", "flora", "timber")
_CITES_SPLIT = {"fauna": 0.78, "flora": 0.06, "timber": 0.16}  # invented: only the sum is published


class Totals(NamedTuple):
    """What a phase reported: cases in all, those of CITES-listed wildlife and timber, and those of precursors."""

    cases: int
    cites: int
    precursors: int
    reporting: int | None = None
    """Countries and territories that reported at all, where that is published; None: all members."""
    warnings: int | None = None
    """The warnings of all members together, where they are published. None: the rates of producers/simulation/exchange.py."""


TOTALS = {
    "OMD-I": Totals(164, 0, 0, warnings=6),
    "OMD-AP": Totals(224, 0, 3),  # assumed: nothing is published; the mean of the phases around it
    "OMD-II": Totals(284, 36, 4, reporting=9),  # CITES: 145 in II and III together, shared out by cases
    "OMD-III": Totals(868, 109, 11),
    "OMD-IV": Totals(1362, 78, 17),
    "OMD-V": Totals(1715, 216, 20),  # precursors are published with the drugs (1,499): the share of IV is taken
    "OMD-VI": Totals(1435, 172, 19),  # assumed: nothing is published; the mean of the phases around it
    "OMD-VII": Totals(1155, 113, 15),  # 1,027 drug cases; how the other 128 fall apart is not published: the share of IV is taken
}
"""The phases by their code. Sources: public pages of UNODC, RILO A/P, WCO and the national administrations; docs/simulate.md."""


class Phase(NamedTuple):
    """One phase as it is simulated."""

    code: str
    start: date
    days: int
    totals: Totals
    published_start: date

    @property
    def numeral(self) -> str:
        """The code without the operation: ``V``."""
        return self.code.removeprefix(f"{OPERATION}-")


def phase_named(name: str, cases: int | None = None, start: date | None = None) -> Phase:
    """The phase ``V`` or ``OMD-V``; ``cases`` scales all of its totals, ``start`` moves it. Raises Refused, naming all there are."""
    code = name.upper() if name.upper().startswith(f"{OPERATION}-") else f"{OPERATION}-{name.upper()}"
    if code not in TOTALS:
        raise Refused(f"{name!r} is not a phase to simulate; the phases are {', '.join(one.removeprefix('OMD-') for one in TOTALS)}")
    fields = code_list("phases")[code].fields
    first, last = date.fromisoformat(fields["starts_on"]), date.fromisoformat(fields["ends_on"])
    days = min(PHASE_DAYS, (last - first).days + 1)
    return Phase(code, start or first, days, _scaled(TOTALS[code], cases), first)


def by_group(totals: Totals) -> dict[str, float]:
    """Expected cases by the group of their first line."""
    found = {group: totals.cites * share for group, share in _CITES_SPLIT.items()}
    return {"drug": float(totals.cases - totals.cites - totals.precursors), "precursor": float(totals.precursors), **found}


def scope(phase: Phase) -> tuple[str, ...]:
    """The groups that are reported in the phase."""
    return tuple(group for group, total in by_group(phase.totals).items() if total > 0)


def _scaled(totals: Totals, cases: int | None) -> Totals:
    if cases is None:
        return totals
    if cases < 1:
        raise Refused("a phase needs at least 1 case")
    scale = cases / totals.cases
    warnings = None if totals.warnings is None else max(1, round(totals.warnings * scale))
    return totals._replace(cases=cases, cites=round(totals.cites * scale), precursors=round(totals.precursors * scale), warnings=warnings)
