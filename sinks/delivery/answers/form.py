"""Reads what a form of a page sent: the answer that it means, or what is wrong with it. Pure.

The page behind a link is about a notification, the live page about one alert: both read their forms here. Every form carries a nonce that
was made together with its page. So the same form sent twice is the same answer, with the same id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl
from uuid import UUID, uuid5

from mekong.schemas.identifiers import likely_identifiers
from mekong.schemas.languages import Language
from mekong.schemas.notifications import Notification
from mekong.schemas.subscriptions import Answer, AnswerKind, Verdict
from mekong.schemas.wire import canonical
from mekong.sinks.delivery.words import say

MOST_TEXT = 1_000
"""Characters, as in the schema of an answer."""
LONGEST_MUTE_DAYS = 365
VERDICTS = get_args(Verdict)
FORMS = (AnswerKind.ACKNOWLEDGE, AnswerKind.VERDICT, AnswerKind.MUTE, AnswerKind.NOTE)
SNOOZE_HOURS = (1, 4, 24)
_MOST_FIELDS = 12
_NONCE = re.compile(r"[A-Za-z0-9_-]{10,40}")
_UNWRITTEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NAMESPACE = UUID("5d0f6e3c-7c1e-5a86-9d27-3b8f0f5b2e41")


class Wrong(NamedTuple):
    """Why nothing was recorded, as a sentence of words.py with its facts."""

    sentence: str
    facts: Mapping[str, object]
    kind: str = ""
    """The kind of the form, when the page has a form of that kind."""


class About(NamedTuple):
    """What a form is about."""

    whose: Mapping[str, object]
    """Fields of the answer: who answers, and the notification or the alert."""
    forms: Collection[AnswerKind]
    """The kinds of answer that its page offers."""
    series: Collection[str]
    """The series that may be muted."""
    language: Language


def fields(body: bytes) -> dict[str, str]:
    """The names and values of an urlencoded form. When a name is repeated, its last value counts. Empty when the body is not a form."""
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def alerts_of(notification: Notification) -> list[dict[str, Any]]:
    """The alerts in a notification. A notification about a member's message has none."""
    return [item for item in notification.items if "alert_id" in item]


def series_of(notification: Notification) -> list[str]:
    """The series that may be muted, each once, in the order shown."""
    return list(dict.fromkeys(str(alert["series"]) for alert in alerts_of(notification)))


def forms_of(notification: Notification) -> tuple[AnswerKind, ...]:
    """The forms that a notification offers. Only a notification with alerts offers to judge and to mute."""
    return FORMS if alerts_of(notification) else (AnswerKind.ACKNOWLEDGE, AnswerKind.NOTE)


def about(notification: Notification) -> About:
    """What a form of the page of a notification is about."""
    whose = {"subscription": notification.subscription, "notification_id": notification.notification_id}
    return About(whose, forms_of(notification), tuple(series_of(notification)), notification.language)


def read(given: Mapping[str, str], asked: About, now: datetime) -> Answer | Wrong:
    """The answer that a form means."""
    kind = given.get("kind", "")
    if not _NONCE.fullmatch(given.get("form", "")):
        return Wrong("bad_form", {})
    if kind not in asked.forms:
        return Wrong("bad_kind", {})
    values = {"kind": kind, "text": _written(given.get("text", "")) or None}
    wrong = _add(values, AnswerKind(kind), given, asked, now) or _text(values, AnswerKind(kind), given, asked.language)
    if wrong is not None:
        return wrong._replace(kind=kind)
    same = {name: value for name, value in values.items() if name != "until" or kind != AnswerKind.SNOOZE}  # its end is counted from now
    answer_id = uuid5(_NAMESPACE, canonical({**asked.whose, **same, "form": given["form"]}).decode())
    return Answer.model_validate({**asked.whose, **values, "answer_id": answer_id, "at": now})


def _add(values: dict[str, Any], kind: AnswerKind, given: Mapping[str, str], asked: About, now: datetime) -> Wrong | None:
    """Add the facts of a kind to ``values``. Returns what is wrong, or None."""
    add = {AnswerKind.VERDICT: _verdict, AnswerKind.MUTE: _mute, AnswerKind.SNOOZE: _snooze, AnswerKind.UNDO: _undo}.get(kind)
    return add(values, given, asked, now) if add else None


def _verdict(values: dict[str, Any], given: Mapping[str, str], asked: About, _: datetime) -> Wrong | None:
    if given.get("verdict") not in VERDICTS:
        return Wrong("bad_verdict", {})
    values["verdict"] = given["verdict"]
    return _series(values, given, asked) if given.get("series") else None


def _mute(values: dict[str, Any], given: Mapping[str, str], asked: About, now: datetime) -> Wrong | None:
    values["until"] = _end_of(given.get("until", ""), now)
    return Wrong("bad_until", {}) if values["until"] is None else _series(values, given, asked)


def _snooze(values: dict[str, Any], given: Mapping[str, str], _: About, now: datetime) -> Wrong | None:
    if given.get("hours", "") not in map(str, SNOOZE_HOURS):
        return Wrong("bad_hours", {})
    values["until"] = now + timedelta(hours=int(given["hours"]))
    return None


def _undo(values: dict[str, Any], given: Mapping[str, str], _: About, __: datetime) -> Wrong | None:
    try:
        values["undoes"] = UUID(given.get("undoes", ""))
    except ValueError:
        return Wrong("bad_form", {})
    return None


def _series(values: dict[str, Any], given: Mapping[str, str], asked: About) -> Wrong | None:
    if given.get("series", "") not in asked.series:
        return Wrong("bad_series", {})
    values["series"] = given["series"]
    return None


def _text(values: Mapping[str, Any], kind: AnswerKind, given: Mapping[str, str], language: Language) -> Wrong | None:
    text = values["text"] or ""
    if not text and kind in {AnswerKind.MUTE, AnswerKind.NOTE}:
        return Wrong("bad_text", {})
    if len(text) > MOST_TEXT:
        return Wrong("bad_length", {"most": MOST_TEXT})
    found = ", ".join(say(one, language) for one in likely_identifiers(text))
    return Wrong("bad_identifier", {"what": found}) if found and not given.get("sure") else None


def _end_of(text: str, now: datetime) -> datetime | None:
    """The end of a day, UTC. None when the text is not a day, or the day has ended, or the day is too far ahead."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    today = now.astimezone(UTC).date()
    if not today <= day <= today + timedelta(days=LONGEST_MUTE_DAYS):
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _written(text: str) -> str:
    """The text as a person wrote it, with one kind of line end and without control characters."""
    return _UNWRITTEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
