"""Writes the forms that answer a notification: acknowledge, judge, mute, leave a note. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mekong.schemas.languages import Language
from mekong.schemas.notifications import Notification
from mekong.schemas.subscriptions import AnswerKind
from mekong.sinks.delivery.answers.form import LONGEST_MUTE_DAYS, MOST_TEXT, VERDICTS, alerts_of, forms_of, series_of
from mekong.sinks.delivery.markup import Markup, element, together
from mekong.sinks.delivery.words import say, series

if TYPE_CHECKING:
    from mekong.sinks.delivery.answers.page import PageMessage

_MUTE_DAYS = 7
"""What is proposed."""


def forms(notification: Notification, now: datetime, nonce: str, message: PageMessage | None) -> Markup:
    """All forms. One that was refused is open and holds what was given."""
    language = notification.language
    drawn = [element("h2", say("what_to_do", language))]
    for kind in forms_of(notification):
        wrong = message if message and not message.is_done and message.kind == kind else None
        given = wrong.given if wrong else {}
        inside = {
            AnswerKind.ACKNOWLEDGE: _acknowledge,
            AnswerKind.VERDICT: _verdict,
            AnswerKind.MUTE: _mute,
            AnswerKind.NOTE: _note,
        }[kind](notification, now, given)
        hidden = [element("input", type="hidden", name=name, value=value) for name, value in (("kind", kind.value), ("form", nonce))]
        form = element("form", *hidden, _insist(language) if wrong and wrong.may_insist else None, inside, method="post")
        if kind in {AnswerKind.ACKNOWLEDGE, AnswerKind.VERDICT}:
            drawn.append(form)
        else:
            drawn.append(element("details", element("summary", say(kind.value, language)), form, open=wrong is not None))
    return element("section", *drawn, class_="card answer")


def _acknowledge(notification: Notification, _: datetime, __: Mapping[str, str]) -> Markup:
    return together(
        element("button", say("acknowledge", notification.language), type="submit", class_="first"),
        element("p", say("acknowledge_help", notification.language), class_="soft"),
    )


def _verdict(notification: Notification, _: datetime, given: Mapping[str, str]) -> Markup:
    language = notification.language
    choices = [
        element(
            "label",
            element("input", type="radio", name="verdict", value=verdict, required=True, checked=given.get("verdict") == verdict),
            element("span", say(verdict, language)),
            class_="choice",
        )
        for verdict in VERDICTS
    ]
    return together(
        element("fieldset", element("legend", say("verdict", language)), *choices),
        _series(notification, given, may_be_all=True) if len(series_of(notification)) > 1 else None,
        _text("input", say("why", language), given, language, required=False),
        element("button", say("verdict_send", language), type="submit"),
    )


def _mute(notification: Notification, now: datetime, given: Mapping[str, str]) -> Markup:
    language, today = notification.language, now.date()
    until = element(
        "input",
        type="date",
        name="until",
        required=True,
        min=today.isoformat(),
        max=(today + timedelta(days=LONGEST_MUTE_DAYS)).isoformat(),
        value=given.get("until") or (today + timedelta(days=_MUTE_DAYS)).isoformat(),
    )
    return together(
        _series(notification, given, may_be_all=False),
        element("label", element("span", say("until", language)), until),
        _text("input", say("reason", language), given, language, required=True),
        element("button", say("mute_send", language), type="submit"),
    )


def _note(notification: Notification, _: datetime, given: Mapping[str, str]) -> Markup:
    language = notification.language
    return together(
        _text("textarea", say("note_text", language), given, language, required=True),
        element("button", say("note_send", language), type="submit"),
    )


def _series(notification: Notification, given: Mapping[str, str], *, may_be_all: bool) -> Markup:
    """The choice of the series. A single series is only named."""
    language = notification.language
    words = {str(alert["series"]): series(alert, language) for alert in alerts_of(notification)}
    if len(words) == 1:
        (name,) = words
        return together(element("input", type="hidden", name="series", value=name), element("p", words[name], class_="which"))
    options = [element("option", say("all", language), value="")] if may_be_all else []
    options += [element("option", text, value=name, selected=given.get("series") == name) for name, text in words.items()]
    return element("label", element("span", say("which", language)), element("select", *options, name="series"))


def _text(tag: str, name: str, given: Mapping[str, str], language: Language, *, required: bool) -> Markup:
    value = given.get("text", "")
    if tag == "textarea":
        field = element(tag, value, name="text", rows=4, maxlength=MOST_TEXT, required=required)
    else:
        field = element(tag, name="text", type="text", value=value, maxlength=MOST_TEXT, required=required, autocomplete="off")
    return element("label", element("span", name), field, element("small", say("no_names", language)))


def _insist(language: Language) -> Markup:
    box = element("input", type="checkbox", name="sure", value="1", required=True)
    return element("label", box, element("span", say("sure", language)), class_="choice insist")
