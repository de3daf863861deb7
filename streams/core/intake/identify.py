"""Decides what a message is, compared with the stored case, and makes the case after the message.

The hash of the content decides "the same", the sender's own order decides "newer", and the message type says what the sender wants:
docs/architecture.md, "Who is who".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mekong.schemas.limits import MAX_VERSIONS
from mekong.schemas.messages import FAMILIES, Correction, Feedback, Seizure, Warning, Withdrawal
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.tlp import LEVELS
from mekong.streams.core.intake.identity import HASH_FORMAT, hash_of_format_1
from mekong.streams.core.intake.order import newer, newer_than, older

FORMAT = 2
_TODAY = f"{HASH_FORMAT}:"
_STRICTNESS = ("", *LEVELS)
"""The mildest first; ``""`` is a case that was stored by a version that did not store the marking."""
AgencyMessage = Seizure | Correction | Withdrawal | Warning | Feedback


class Case(NamedTuple):
    """One case, warning or feedback: hash and order of each of its versions, and the contribution of the current one to the counts."""

    family: str
    status: str
    hashes: tuple[str, ...]
    contribution: Mapping[str, Any] | None
    orders: tuple[str | None, ...] = ()
    """The sender's order of each version; empty when no version has one."""
    tlp: str = ""
    """The marking of its last content. A withdrawal does not change it."""

    @property
    def order(self) -> str | None:
        """The sender's order of the current version."""
        return self.orders[-1] if self.orders else None

    def stored(self) -> dict[str, Any]:
        """The case as JSON values, for the lane's state."""
        orders = {"o": self.orders} if self.orders else {}
        return {"f": FORMAT, "k": self.family, "s": self.status, "h": self.hashes, "c": self.contribution, "t": self.tlp, **orders}

    @classmethod
    def from_stored(cls, value: Mapping[str, Any]) -> Case:
        """A case from the values of ``stored``, also in format 1, which had no orders and no marking."""
        return cls(value["k"], value["s"], tuple(value["h"]), value["c"], tuple(value.get("o", ())), value.get("t", ""))


class ComparedParts(NamedTuple):
    """The parts of a message that are compared with the versions of its case."""

    hash: str
    order: str | None
    as_sent: Callable[[], bytes]
    """The canonical content before anything in it was normalised. Hashes of format 1 were made from it."""


class Identified(NamedTuple):
    """The outcome of a message that was not rejected."""

    outcome: Outcome
    version: int
    """The current version after the message."""
    hash: str
    detail: str | None = None
    """For a stale message: why it is stale, and what to do."""


def identify(case: Case | None, message: AgencyMessage, seen: ComparedParts) -> Identified | Rejected:
    """Decide whether ``message`` is new, the same again, overtaken, or another version of ``case``."""
    kind = message.message_type
    if case is None:
        if kind in {"correction", "withdrawal"}:
            why = f"no case {message.case_no} of {message.agency} is known: send the seizure first"
            return Rejected(reason=Reason.UNKNOWN_CASE, field="case_no", detail=why)
        return Identified(Outcome.ACCEPTED, 1, seen.hash)
    if FAMILIES.get(kind, case.family) != case.family:
        return Rejected(reason=Reason.TYPE_CONFLICT, field="case_no", detail=f"{message.case_no} is the number of a {case.family}")
    latest = len(case.hashes)
    same = _same(case, seen)
    if latest in same or (seen.order is not None and any(seen.order == case.orders[version - 1] for version in same if case.orders)):
        return Identified(Outcome.DUPLICATE, latest, seen.hash)
    overtaken = _overtaken(case, kind, seen, same)
    if overtaken:
        return Identified(Outcome.STALE, latest, seen.hash, overtaken)
    if latest >= MAX_VERSIONS and not _still_taken(case, message):
        why = f"has {MAX_VERSIONS} versions: only its withdrawal and a stricter TLP are taken; ask the operator why it changes so often"
        return Rejected(reason=Reason.TOO_MANY_VERSIONS, field="case_no", detail=why)
    return Identified(Outcome.WITHDRAWN if kind == "withdrawal" else Outcome.CORRECTED, latest + 1, seen.hash)


class StoredParts(NamedTuple):
    """The parts of a message that are stored in the state of its case."""

    hash: str
    order: str | None
    tlp: str
    contribution: Mapping[str, Any] | None


def after(case: Case | None, kind: str, parts: StoredParts) -> Case:
    """The case after a message of ``kind`` has become its current version."""
    withdrawn = kind == "withdrawal"
    before = case.hashes if case else ()
    orders = (case.orders if case and case.orders else (None,) * len(before)) + (parts.order,)
    return Case(
        family=case.family if case else FAMILIES[kind],
        status="withdrawn" if withdrawn else "current",
        hashes=(*before, parts.hash),
        contribution=parts.contribution,
        orders=orders if any(orders) else (),
        tlp=case.tlp if withdrawn and case else parts.tlp,
    )


def _same(case: Case, seen: ComparedParts) -> set[int]:
    """The versions with this content. Each is compared in the hash format that it was stored with."""
    of_old = any(not stored.startswith(_TODAY) for stored in case.hashes)
    wanted = {seen.hash, hash_of_format_1(seen.as_sent())} if of_old else {seen.hash}
    return {version for version, stored in enumerate(case.hashes, start=1) if stored in wanted}


def _overtaken(case: Case, kind: str, seen: ComparedParts, same: set[int]) -> str | None:
    """Why the message must not become the current version; None when it may."""
    latest = len(case.hashes)
    if older(seen.order, case.order):
        return f"{seen.order} is older than {case.order} of version {latest}, which stays: to change it, give {newer_than(case.order)}"
    if kind in {"correction", "withdrawal"} or not same or newer(seen.order, case.order):
        return None
    say = "say correction, or give" if kind == "seizure" else "give"
    return (
        f"has the content of version {max(same)}; version {latest} replaced it and stays: to return to it, {say} {newer_than(case.order)}"
    )


def _still_taken(case: Case, message: AgencyMessage) -> bool:
    """Whether a case that has the most versions accepts the message: only one withdrawal, and a stricter marking."""
    if isinstance(message, Withdrawal):
        return case.status == "current"
    return _STRICTNESS.index(message.handling.tlp) > _STRICTNESS.index(case.tlp)
