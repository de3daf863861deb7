"""What the exchange adds to a case: one file an enrichment, each a pure function of the message, its time and its agency.

``CASE`` ones add fields of ``schemas.journal.Enriched``, ``LINE`` ones fields of ``schemas.journal.EnrichedLine``. The order
matters only where one reads what another added (``quantity`` reads nothing, ``goods`` nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.messages import Line, SeizureContent
from streams.core.intake.enrich import agency, goods, phase, quantity
from streams.core.intake.enrich.facts import Facts

CASE: tuple[Callable[[Facts], Mapping[str, Any]], ...] = (agency.enrich, phase.enrich)
LINE: tuple[Callable[[Line, Facts], Mapping[str, Any]], ...] = (goods.enrich, quantity.enrich)


def enrich(facts: Facts) -> dict[str, Any]:
    """All that is added to a case, as JSON values of ``schemas.journal.Enriched``."""
    added: dict[str, Any] = {}
    for case in CASE:
        added.update(case(facts))
    if isinstance(facts.message, SeizureContent):
        added["lines"] = [_line(line, facts) for line in facts.message.lines]
    return added


def _line(line: Line, facts: Facts) -> dict[str, Any]:
    added: dict[str, Any] = {}
    for one in LINE:
        added.update(one(line, facts))
    return added
