"""Gives the parts of SQL by which each table of a briefing chooses its records. Pure.

Each view of a briefing takes the same parameters:

``phase``      code of the phase, such as OMD-V; empty: the cases that count for no operation
``known_at``   the cut-off: only what the exchange had received by this moment counts
``up_to``      the strictest marking (TLP) of a case that counts
``with_leave`` whether cases with the handling codes H2 and H3 count: their senders have given leave
``simulated``  true: only cases that were made up for an exercise; false: only real ones
"""

from __future__ import annotations

from mekong.schemas.tlp import CODES_WITH_LEAVE, FREE_CODES, LEVELS

AT = "{known_at:DateTime64(3, 'UTC')}"
RECEIVED = f"received_at <= {AT}"
OF_PHASE = "phase = {phase:String}"
KG = "CAST({} AS Decimal(38, 6)) / 1000000"
_CHOICE = "up_to = {up_to:String}, with_leave = {with_leave:Bool}, simulated = {simulated:Bool}"
CASES = f"counted_cases(known_at = {AT}, {_CHOICE})"
"""The cases that count, of every phase."""
CASES_BEFORE = f"counted_cases(known_at = {{since:DateTime64(3, 'UTC')}}, {_CHOICE})"
"""The same as they were known at the cut-off of an earlier edition."""
PHASE_IDS = f"SELECT event_id FROM {CASES} WHERE {OF_PHASE}"  # noqa: S608 - the parts are our own


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_LEVELS = f"[{_texts(LEVELS)}]"
MAY_BE_SHOWN = f"""indexOf({_LEVELS}, toString(tlp)) BETWEEN 1 AND indexOf({_LEVELS}, {{up_to:String}})
  AND (handling_code IN ({_texts(FREE_CODES)}) OR ({{with_leave:Bool}} AND handling_code IN ({_texts(CODES_WITH_LEAVE)})))
  AND simulated = {{simulated:Bool}}"""
"""A marking that is not known is above every level."""

SPAN = f"(SELECT (min(seized_day), max(seized_day)) FROM {CASES} WHERE {OF_PHASE}) AS span"  # noqa: S608
"""The days of the phase, for WITH: from its first case to its last one."""
RECEPTION = f"""(SELECT (min(received_at), max(received_at)) FROM journal
    WHERE kind = 'version' AND family = 'case' AND {RECEIVED} AND event_id IN ({PHASE_IDS})) AS reception"""  # noqa: S608
"""The time in which the exchange received the messages about the cases of the phase, for WITH."""
GOODS = "arrayMap((code, own, name) -> if(code = '', own, name), `lines.code`, `lines.substance_or_taxon`, `lines.name`)"
"""Of each line the canonical name of the goods; the agency's own words where the lists do not have them."""


def notes(family: str, columns: str) -> str:
    """The warnings or feedback that count, as they were known at the cut-off; ``columns`` of the journal."""
    chosen = f"kind = 'version' AND family = '{family}' AND {RECEIVED}"
    return f"""SELECT {columns}
FROM journal
WHERE {chosen} AND status = 'current' AND {MAY_BE_SHOWN}
  AND (event_id, version) IN (SELECT event_id, max(version) FROM journal WHERE {chosen} GROUP BY event_id)"""  # noqa: S608
