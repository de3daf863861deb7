"""A receipt's bytes in, what its sender asks of it out. Pure, and quick: a replay reads hundreds of thousands."""

from __future__ import annotations

from typing import NamedTuple

from schemas.receipts import Outcome
from schemas.rejected import Reason
from schemas.wire import load

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class Noticed(NamedTuple):
    """Something that a person should look at in a message that was taken."""

    code: str
    field: str
    detail: str


class Answer(NamedTuple):
    """What a sender wants of a receipt."""

    source_topic: str
    source_offset: int
    outcome: Outcome
    reason: Reason | None = None
    field: str = "message"
    detail: str = ""
    notices: tuple[Noticed, ...] = ()


def answer(raw: bytes) -> Answer:
    """A receipt's bytes, read without checking what we wrote ourselves."""
    found = load(raw)
    reason = found.get("reason")
    return Answer(
        found["source_topic"],
        found["source_offset"],
        _OUTCOMES[found["outcome"]],
        None if reason is None else Reason(reason),
        found.get("field") or "message",
        found.get("detail") or "",
        tuple(Noticed(one["code"], one["field"], one["detail"]) for one in found.get("warnings", ())),
    )
