"""Adds fields to a case. Each file is one enrichment: a pure function of the message, its time and its agency.

The functions in ``CASE`` add fields of ``mekong.schemas.journal.Enriched``; those in ``LINE`` add fields of
``mekong.schemas.journal.EnrichedLine``. No enrichment reads the fields of another, so the order does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mekong.schemas.messages import Line, SeizureContent
from mekong.streams.core.intake.enrich import agency, goods, phase, quantity
from mekong.streams.core.intake.enrich.facts import Facts

CASE: tuple[Callable[[Facts], Mapping[str, Any]], ...] = (agency.enrich, phase.enrich)
LINE: tuple[Callable[[Line, Facts], Mapping[str, Any]], ...] = (goods.enrich, quantity.enrich)


def enrich(facts: Facts) -> dict[str, Any]:
    """All fields that are added to a case, as JSON values of ``mekong.schemas.journal.Enriched``."""
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
