"""Finds what the answers to an alert come to: who is on it, what it was judged to be, until when it rests. Pure.

The newest verdict counts. A verdict on a digest is about every alert in it; a verdict on the alert alone replaces it. An answer that its
own person has undone counts no longer. Nothing is lost: the records stay, and the live page shows all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from mekong.schemas.subscriptions import Answer, AnswerKind, Verdict


class Given(NamedTuple):
    """An answer, and the alerts that it is about."""

    answer: Answer
    alert_ids: Collection[UUID]

    @property
    def is_alone(self) -> bool:
        """Whether it is about one alert, and not about a digest of several."""
        return len(self.alert_ids) == 1 or self.answer.series is not None


class Standing(NamedTuple):
    """What the answers to one alert come to."""

    takers: tuple[str, ...] = ()
    """Who is on it, the first first."""
    verdicts: Mapping[str, Verdict] = {}
    """Person or subscription -> its newest verdict."""
    verdict: Verdict | None = None
    """The verdict that counts."""
    snoozed_until: datetime | None = None
    muted_until: datetime | None = None

    @property
    def is_disputed(self) -> bool:
        """Whether two have judged it in different ways."""
        return len(set(self.verdicts.values())) > 1

    def rests(self, now: datetime) -> bool:
        """Whether it was put off until a time after ``now``."""
        return any(until is not None and until > now for until in (self.snoozed_until, self.muted_until))

    def is_to_do(self, now: datetime) -> bool:
        """Whether nobody has judged it or put it off."""
        return self.verdict is None and not self.rests(now)


def undone(answers: Iterable[Answer]) -> set[tuple[str, UUID]]:
    """Who has undone which answer. Nobody undoes an answer of somebody else."""
    return {(one.subscription, one.undoes) for one in answers if one.kind is AnswerKind.UNDO and one.undoes}


def counts(answer: Answer, gone: Collection[tuple[str, UUID]]) -> bool:
    """Whether an answer still counts; ``gone`` is what ``undone`` found."""
    return answer.kind is not AnswerKind.UNDO and (answer.answer_id is None or (answer.subscription, answer.answer_id) not in gone)


def decisive(given: Iterable[Given]) -> Answer | None:
    """The verdict that counts, of those in the order in which they were written."""
    found: Given | None = None
    for one in given:
        if one.answer.kind is AnswerKind.VERDICT and (found is None or _rank(one) >= _rank(found)):
            found = one
    return found.answer if found else None


def standing(given: Iterable[Given], series: str) -> Standing:
    """What the answers to an alert of a series come to: those that count, in the order in which they were written.

    A mute of the live page is about the series; one of a subscription is that subscription's own.
    """
    every = list(given)
    answers = [one.answer for one in every]
    judged = decisive(every)
    return Standing(
        takers=tuple(dict.fromkeys(one.subscription for one in answers if one.kind is AnswerKind.ACKNOWLEDGE)),
        verdicts={one.subscription: one.verdict for one in answers if one.kind is AnswerKind.VERDICT and one.verdict},
        verdict=judged.verdict if judged else None,
        snoozed_until=_last(one.until for one in answers if one.kind is AnswerKind.SNOOZE),
        muted_until=_last(one.until for one in answers if one.kind is AnswerKind.MUTE and one.alert_id and one.series == series),
    )


def _rank(given: Given) -> tuple[bool, datetime]:
    return given.is_alone, given.answer.at


def _last(ends: Iterable[datetime | None]) -> datetime | None:
    return max((one for one in ends if one is not None), default=None)
