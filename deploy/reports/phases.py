"""Finds the phases that a briefing is about, and the phase before one, in the code list. Pure."""

from __future__ import annotations

from mekong.schemas.codes import Entry, code_list
from mekong.schemas.errors import Refused

_SKIPPED = frozenset({"OMD-AP"})
"""Extensions, which the published results do not number."""


def code(operation: str, phase: str) -> str:
    """The code of a phase: OMD and V, or OMD-V. Raises Refused for one that the code list does not have."""
    known = of_operation(operation)
    for one in (phase, f"{operation}-{phase}"):
        if one in known:
            return one
    names = ", ".join(name.removeprefix(f"{operation}-") for name in known) or "none"
    raise Refused(f"{phase} is not a phase of {operation}: the code list has {names}")


def before(phase: str) -> str:
    """The phase of the same operation before this one; empty for the first one."""
    entry = code_list("phases")[phase]
    known = [one for one in of_operation(entry.fields["operation"]) if one not in _SKIPPED]
    place = known.index(phase) if phase in known else 0
    return known[place - 1] if place else ""


def between(operation: str, text: str) -> list[str]:
    """The phases from I to IV, as ``I-IV``, the earliest first. Raises Refused when an end is not a phase, or they are turned round."""
    first, dash, last = text.partition("-")
    if not dash:
        raise Refused(f"{text!r}: give the first and the last phase, as I-IV")
    known = [one for one in of_operation(operation) if one not in _SKIPPED]
    start, end = (known.index(code(operation, one)) for one in (first, last))
    if start >= end:
        raise Refused(f"{text!r}: {last} is not after {first}")
    return known[start : end + 1]


def pair(text: str) -> tuple[str, str]:
    """Two countries of the code list, as ``VN,CN``. Raises Refused."""
    countries = [one.strip().upper() for one in text.split(",")]
    unknown = [one for one in countries if one not in code_list("countries")]
    if len(countries) != 2 or len(set(countries)) != 2 or unknown:  # noqa: PLR2004 - a pair
        raise Refused(f"{text!r}: give two countries by their codes, as VN,CN")
    return countries[0], countries[1]


def of_operation(operation: str) -> list[str]:
    """The phases of an operation, the earliest first. Raises Refused for an operation that the code list does not have."""
    if operation not in code_list("operations"):
        raise Refused(f"{operation} is not an operation: the code list has {', '.join(code_list('operations'))}")
    entries: list[Entry] = [one for one in code_list("phases").values() if one.fields["operation"] == operation]
    return [one.code for one in sorted(entries, key=lambda one: one.fields["starts_on"])]
