"""Reads from a receipt's bytes what its sender needs. Pure, and fast, because a replay reads hundreds of thousands of receipts."""

from __future__ import annotations

from typing import NamedTuple

from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason
from mekong.schemas.wire import load

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_REASONS = {reason.value: reason for reason in Reason}


class Noticed(NamedTuple):
    """A notice about an accepted message that a person should look at."""

    code: str
    field: str
    detail: str


class Answer(NamedTuple):
    """What a sender wants of a receipt."""

    source_topic: str
    source_offset: int
    outcome: Outcome
    reason: Reason | str | None = None
    field: str = "message"
    detail: str = ""
    notices: tuple[Noticed, ...] = ()


def answer(raw: bytes) -> Answer:
    """Read a receipt's bytes. They are not checked, because the exchange wrote them."""
    found = load(raw)
    reason = found.get("reason")
    return Answer(
        found["source_topic"],
        found["source_offset"],
        _OUTCOMES[found["outcome"]],
        _REASONS.get(reason, reason),
        found.get("field") or "message",
        found.get("detail") or "",
        tuple(Noticed(one["code"], one["field"], one["detail"]) for one in found.get("warnings", ())),
    )
