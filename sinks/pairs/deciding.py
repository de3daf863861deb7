"""Makes a decision of what a person gave, about two cases that exist. Pure: the caller reads the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from pydantic import ValidationError

from mekong.schemas.decisions import REASON_LENGTH, PairDecision, Verdict, pair_of
from mekong.schemas.errors import Refused
from mekong.schemas.wire import canonical
from mekong.sinks.pairs.reading import Case, Decided
from mekong.sinks.pairs.weights import MODEL

OFFICER_LENGTH = 40
_NAMESPACE = UUID("0c6d2b4e-58d5-5f0a-8f39-0b7f9c7a2d11")


class Given(NamedTuple):
    """What a person gave about a pair."""

    verdict: Verdict
    officer: str
    reason: str
    at: datetime
    seen: UUID | None
    """The newest decision about the pair that the person saw."""
    form: str
    """A word that only this form has: the form sent twice is one decision."""
    probability: float | None = None
    """What the model says of the pair."""


def decision(one: Case, other: Case, earlier: Sequence[Decided], given: Given) -> PairDecision:
    """The decision. ``earlier``: all decisions about the pair, in order. Raises Refused with a sentence that says what to do."""
    _refuse(one, other, earlier, given.verdict)
    first, second = pair_of(one.event_id, other.event_id)
    named = (str(first), str(second), given.verdict.value, given.officer, given.reason, given.form)
    decision_id = uuid5(_NAMESPACE, canonical([text.encode("utf-8", "replace").decode() for text in named]).decode())
    values = {"decision_id": decision_id, "first": first, "second": second, "model": "" if given.probability is None else MODEL}
    try:
        return PairDecision.model_validate(given._asdict() | values)
    except ValidationError as exc:
        raise Refused(_why(str(exc.errors()[0]["loc"][0]))) from exc


def _refuse(one: Case, other: Case, earlier: Sequence[Decided], verdict: Verdict) -> None:
    """Raises Refused for what cannot be decided about these cases."""
    if one.event_id == other.event_id:
        raise Refused("Both are the same case: a pair is two cases.")
    if verdict is Verdict.UNDO:
        if not earlier or earlier[-1].verdict == Verdict.UNDO:
            raise Refused("Nothing is decided about these two cases, so there is nothing to undo.")
        return
    for case in (one, other):
        if case.is_withdrawn:
            raise Refused(f"{case.agency}/{case.case_no} is withdrawn: it is in no incident, so there is nothing to decide.")


def _why(field: str) -> str:
    if field == "officer":
        return f"Say who decides: a sign or a post in at most {OFFICER_LENGTH} characters, such as duty-vn."
    return f"Say why, in at most {REASON_LENGTH} characters."
