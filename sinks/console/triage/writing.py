"""Writes the pages of triage as HTML, in one language. Pure, except for the nonce of each form."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from markupsafe import Markup

from mekong.schemas.answered import Standing
from mekong.schemas.languages import Language
from mekong.schemas.vocabulary import value_of
from mekong.sinks.console.board import Shown
from mekong.sinks.console.pages import Asked, Pages
from mekong.sinks.console.triage.values import Answers, Found, Queue, history, last_of, queue, standing_of
from mekong.sinks.delivery.answers.form import LONGEST_MUTE_DAYS, MOST_TEXT, SNOOZE_HOURS, VERDICTS, Wrong
from mekong.sinks.delivery.answers.picture import picture
from mekong.sinks.delivery.words import SAID, say, series, word

_MUTE_DAYS = 7
"""What is proposed."""
FIGURES = ("p", "bits", "q", "e_value", "dispersion", "completeness")


class Message(NamedTuple):
    """What a page says first."""

    name: str
    """A text of the page, or a sentence of the answers (``delivery/words.py``)."""
    facts: Mapping[str, object] = {}
    kind: str = ""
    """The kind of the form that it is about."""
    given: Mapping[str, str] = {}
    after: str = ""
    """The alert that was answered before this page."""

    @classmethod
    def of(cls, wrong: Wrong, given: Mapping[str, str]) -> Self:
        """Why nothing was recorded."""
        return cls(wrong.sentence, wrong.facts, wrong.kind, given)


class Writing:
    """Writes the pages."""

    def __init__(self, pages: Pages, token: str) -> None:
        """``token``: what each form has, so that no other site can send one."""
        self._pages, self._token = pages, token

    def queue_of(self, shown: Shown, now: datetime) -> Queue:
        """The queue as it is known."""
        alerts = shown.alerts
        return queue(alerts.rows, alerts.total, shown.answers, now) if alerts else Queue((), 0)

    def queue(self, shown: Shown, asked: Asked, now: datetime, person: str, message: Message | None) -> str:
        """The page of the queue."""
        part = self.queue_part(shown, asked, now)
        return self._pages.page("triage/queue", asked, part=part, **self._given(shown, asked, person, message))

    def queue_part(self, shown: Shown, asked: Asked, now: datetime) -> str:
        """The changing part of it."""
        return self._pages.page("triage/changing", asked, known=shown.alerts is not None, queue=self.queue_of(shown, now), now=now)

    def alert(self, found: Found, shown: Shown, asked: Asked, now: datetime, person: str, message: Message | None) -> str:
        """The page of an alert."""
        alert, language = found.alert, asked.language
        known, here = self.queue_of(shown, now), str(found.alert.alert_id)
        drawn = picture(alert.model_dump(mode="json"), language)
        values: dict[str, Any] = {
            "found": found,
            "alert": alert,
            "series": series(alert.model_dump(mode="json"), language),
            "picture": Markup(drawn) if drawn else "",  # noqa: S704 - picture escapes what it writes
            "stands_out": [(word(one.feature, language), value_of(one.feature, one.value, language), one) for one in alert.stands_out],
            "figures": [(name.replace("_", "-"), value) for name in FIGURES if (value := getattr(alert.explain, name)) is not None],
            "standing": self.standing(found, shown.answers, asked, person),
            "to_do": len(known.to_do),
            "before": known.beside(here, -1),
            "following": known.beside(here, 1),
            "nonce": secrets.token_urlsafe(12),
            "today": now.date(),
            "mute": _days(now.date()),
        }
        return self._pages.page("triage/alert", asked, **values, **self._given(shown, asked, person, message))

    def standing(self, found: Found, answers: Answers, asked: Asked, person: str) -> str:
        """The changing part of it: who is on it, what it was judged, and every answer with its time."""
        every = dict(sorted({**found.answers, **answers}.items()))
        about = (every, found.ids, found.alert.series)
        values = {
            "alert": found.alert,
            "standing": standing_of(*about),
            "lines": history(*about),
            "undo": last_of(*about, person) if person else None,
            "person": person,
        }
        return self._pages.page("triage/standing", asked, token=self._token, say=_say(asked.language), **values)

    def away(self, asked: Asked, why: str) -> str:
        """The page that says why an alert cannot be shown."""
        return self._pages.page("away", asked, why=why)

    def unknown(self, asked: Asked) -> str:
        """The page that says that the alert is not known."""
        return self._pages.page("unknown", asked, is_alert=True)

    def _given(self, shown: Shown, asked: Asked, person: str, message: Message | None) -> dict[str, Any]:
        language, last, rest = asked.language, None, Standing()
        if message and message.after:
            about = (shown.answers, {UUID(message.after)}, _series_of(shown, message.after))
            last, rest = (last_of(*about, person), standing_of(*about)) if person else (None, rest)
        return {
            "token": self._token,
            "person": person,
            "message": message,
            "said": say(message.name, language, **message.facts) if message and message.name in SAID else "",
            "last": last,
            "last_standing": rest,
            "say": _say(language),
            "verdicts": VERDICTS,
            "hours": SNOOZE_HOURS,
            "most_text": MOST_TEXT,
        }


def _series_of(shown: Shown, alert_id: str) -> str:
    rows = shown.alerts.rows if shown.alerts else ()
    return next((one.series for one in rows if alert_id in one.ids), "")


def _say(language: Language) -> Any:
    def said(sentence: str, **facts: object) -> str:
        return say(sentence, language, **facts)

    return said


def _days(today: date) -> Mapping[str, str]:
    """The days that a mute may end on."""
    ahead = {"least": 0, "proposed": _MUTE_DAYS, "most": LONGEST_MUTE_DAYS}
    return {name: (today + timedelta(days=days)).isoformat() for name, days in ahead.items()}
