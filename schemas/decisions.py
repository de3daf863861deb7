"""Defines what a person decides about two cases: ``decisions.v1``. Nothing else about pairs is stored: the suspicion is computed again."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from mekong.schemas.messages import Short
from mekong.schemas.record import Moment, Record
from mekong.schemas.text import normalised

REASON_LENGTH = 500
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_LENGTH), AfterValidator(normalised)]


class Verdict(StrEnum):
    """What a person says of two cases."""

    SAME = "same"  # one seizure, reported twice: it counts once
    LINKED = "linked"  # two seizures that belong together: both count, in one incident
    DIFFERENT = "different"  # they have nothing to do with each other
    UNDO = "undo"  # the decision before no longer holds: the pair is undecided again


class PairDecision(Record):
    """On ``decisions.v1``, keyed by the pair. Of a pair's decisions the one with the highest offset holds."""

    format: int = 1
    decision_id: UUID
    """The same form sent twice has the same id, and counts once: at the place where it arrived first."""
    first: UUID
    """Event ids of the two cases. ``first`` is the smaller one, as a text, so that a pair has one name."""
    second: UUID
    verdict: Verdict
    officer: Short
    """Who decided: a sign or a post, such as ``duty-vn``."""
    reason: Reason
    at: Moment
    seen: UUID | None = None
    """The newest decision about the pair that the person saw. None: there was none."""
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    """What the model said when the person decided. None: the model did not suspect the pair."""
    model: str = ""
    """The version of that model."""

    @model_validator(mode="after")
    def _is_a_pair(self) -> Self:
        if str(self.first) >= str(self.second):
            raise ValueError("first must be smaller than second: a pair is two cases, in this order")
        return self


def pair_of(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """The two ids in the order in which a pair has them."""
    return (one, other) if str(one) < str(other) else (other, one)
