"""A case as it is stored and a message of it in; what the message is, and the case after it, out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.limits import MAX_VERSIONS
from schemas.messages import FAMILIES, Correction, Feedback, Seizure, Warning, Withdrawal
from schemas.receipts import Outcome
from schemas.rejected import Reason, Rejected
from streams.core.intake.identity import HASH_FORMAT, content_hash, same_content

FORMAT = 1
_TODAY = f"{HASH_FORMAT}:"
Taken = Seizure | Correction | Withdrawal | Warning | Feedback


class Case(NamedTuple):
    """One case, warning or feedback: the hashes of all its versions, and what the current one counts for."""

    family: str
    status: str
    hashes: tuple[str, ...]
    contribution: Mapping[str, Any] | None

    def stored(self) -> dict[str, Any]:
        """As JSON values, for the lane's state."""
        return {"f": FORMAT, "k": self.family, "s": self.status, "h": self.hashes, "c": self.contribution}

    @classmethod
    def from_stored(cls, value: Mapping[str, Any]) -> Case:
        """What ``stored`` gave."""
        return cls(value["k"], value["s"], tuple(value["h"]), value["c"])


class Identified(NamedTuple):
    """What a message is."""

    outcome: Outcome
    version: int
    """The current version after it."""
    hash: str


def identify(case: Case | None, message: Taken, content: bytes) -> Identified | Rejected:
    """Say whether ``message`` (``content`` in canonical form) is new, the same again, or another version of ``case``.

    A late re-send of an older version is ``stale``: it must not undo the correction.
    """
    kind = message.message_type
    if case is None:
        if kind in {"correction", "withdrawal"}:
            return Rejected(
                reason=Reason.UNKNOWN_CASE,
                field="case_no",
                detail=f"no case {message.case_no} of {message.agency} is known: send the seizure first",
            )
        return Identified(Outcome.ACCEPTED, 1, content_hash(content))
    if FAMILIES.get(kind, case.family) != case.family:
        return Rejected(reason=Reason.TYPE_CONFLICT, field="case_no", detail=f"{message.case_no} is the number of a {case.family}")
    latest = len(case.hashes)
    now = content_hash(content)
    for version in range(latest, 0, -1):
        stored = case.hashes[version - 1]
        if stored == now or (not stored.startswith(_TODAY) and same_content(content, stored)):
            return Identified(Outcome.DUPLICATE if version == latest else Outcome.STALE, latest, stored)
    if kind == "withdrawal" and case.status == "withdrawn":
        return Identified(Outcome.DUPLICATE, latest, case.hashes[-1])
    if latest >= MAX_VERSIONS:
        return Rejected(
            reason=Reason.TOO_MANY_VERSIONS,
            field="case_no",
            detail=f"has {MAX_VERSIONS} versions; ask the operator why it changes so often",
        )
    return Identified(Outcome.WITHDRAWN if kind == "withdrawal" else Outcome.CORRECTED, latest + 1, now)


def after(case: Case | None, kind: str, found: Identified, contribution: Mapping[str, Any] | None) -> Case:
    """The case once ``found`` is its current version."""
    withdrawn = found.outcome is Outcome.WITHDRAWN
    return Case(
        family=case.family if case else FAMILIES[kind],
        status="withdrawn" if withdrawn else "current",
        hashes=(*(case.hashes if case else ()), found.hash),
        contribution=contribution,
    )
