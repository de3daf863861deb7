"""Says what the answers come to, for the alert of a page and for the queue of alerts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from mekong.schemas.alerts import Alert
from mekong.schemas.answered import Given, Standing, counts, standing, undone
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.sinks.clickhouse.history import Span
from mekong.sinks.console.values import Open

Answers = Mapping[int, Given]
"""Answers by their offset, in its order."""


class Behind(NamedTuple):
    """One case behind an alert."""

    event_id: str
    agency: str
    case_no: str
    seized_day: date | None
    goods: str
    country: str
    tlp: str
    is_simulated: bool


class Found(NamedTuple):
    """An alert as ClickHouse has it."""

    alert: Alert
    """Its newest state."""
    states: Sequence[Alert]
    """All of them, the oldest first."""
    spans: Sequence[Span]
    cases: Sequence[Behind]
    answers: Answers

    @property
    def ids(self) -> frozenset[UUID]:
        """The ids of all its states."""
        return frozenset(one.alert_id for one in self.states)


class Line(NamedTuple):
    """One answer in the history of an alert."""

    answer: Answer
    is_undone: bool
    is_of_digest: bool


class Waiting(NamedTuple):
    """One alert of the queue, and what people said about it."""

    alert: Open
    standing: Standing
    is_to_do: bool


class Queue(NamedTuple):
    """The open alerts, the most unusual first."""

    rows: Sequence[Waiting]
    total: int

    @property
    def to_do(self) -> list[Waiting]:
        """Those that nobody has judged or put off."""
        return [one for one in self.rows if one.is_to_do]

    def beside(self, alert_id: str, step: int) -> str | None:
        """The next alert to do after this one (1), or the one before (-1). After the last the first. None when no other is to do."""
        at = next((place for place, one in enumerate(self.rows) if alert_id in one.alert.ids), None)
        others = [(place, one.alert.alert_id) for place, one in enumerate(self.rows) if one.is_to_do and place != at]
        if not others:
            return None
        if at is None:
            return others[0 if step > 0 else -1][1]
        if step > 0:
            return next((found for place, found in others if place > at), others[0][1])
        return next((found for place, found in reversed(others) if place < at), others[-1][1])


def queue(alerts: Sequence[Open], total: int, answers: Answers, now: datetime) -> Queue:
    """The queue of open alerts."""
    gone = undone(one.answer for one in answers.values())
    counting = [one for one in answers.values() if counts(one.answer, gone)]
    by_id: dict[str, list[tuple[int, Given]]] = {}
    for place, one in enumerate(counting):
        for alert_id in one.alert_ids:
            by_id.setdefault(str(alert_id), []).append((place, one))
    mutes = [(place, one) for place, one in enumerate(counting) if _is_mute(one.answer)]
    rows = []
    for alert in alerts:
        about = dict(entry for alert_id in alert.ids for entry in by_id.get(alert_id, ()) if _is_of(entry[1].answer, alert.series))
        about |= {place: one for place, one in mutes if one.answer.series == alert.series}
        found = standing([one for _, one in sorted(about.items())], alert.series)
        rows.append(Waiting(alert, found, found.is_to_do(now)))
    return Queue(rows, total)


def standing_of(answers: Answers, ids: Collection[UUID], series: str) -> Standing:
    """What the answers to one alert come to."""
    gone = undone(one.answer for one in answers.values())
    return standing([one for one in _about(answers, ids, series) if counts(one.answer, gone)], series)


def history(answers: Answers, ids: Collection[UUID], series: str) -> list[Line]:
    """Every answer to one alert, the newest first, also those that count no longer."""
    gone = undone(one.answer for one in answers.values())
    lines = [Line(one.answer, _is_gone(one.answer, gone), len(one.alert_ids) > 1) for one in _about(answers, ids, series)]
    return lines[::-1]


def last_of(answers: Answers, ids: Collection[UUID], series: str, person: str) -> Answer | None:
    """The newest answer of a person to one alert that can be undone."""
    mine = (line.answer for line in history(answers, ids, series) if line.answer.subscription == person and not line.is_undone)
    return next((one for one in mine if one.kind is not AnswerKind.UNDO and one.answer_id and one.alert_id in ids), None)


def _about(answers: Answers, ids: Collection[UUID], series: str) -> list[Given]:
    found: dict[object, Given] = {}
    for offset, one in answers.items():
        is_it = any(alert_id in ids for alert_id in one.alert_ids) and _is_of(one.answer, series)
        if is_it or (_is_mute(one.answer) and one.answer.series == series):
            found.setdefault(one.answer.answer_id or offset, one)  # the same form that was recorded twice is one answer
    return list(found.values())


def _is_of(answer: Answer, series: str) -> bool:
    """Of a digest, an answer may be about one series."""
    return answer.series in {None, series}


def _is_mute(answer: Answer) -> bool:
    """Whether it mutes a series at the live page."""
    return answer.kind is AnswerKind.MUTE and answer.alert_id is not None


def _is_gone(answer: Answer, gone: Iterable[tuple[str, UUID]]) -> bool:
    return answer.kind is not AnswerKind.UNDO and not counts(answer, set(gone))


def once(write: Callable[..., str]) -> Callable[..., str]:
    """Write again only when what it is written from has changed."""
    before: list[tuple[object, str]] = []

    def written(*given: object) -> str:
        if not before or before[0][0] != given:
            before[:] = [(given, write(*given))]
        return before[0][1]

    return written
