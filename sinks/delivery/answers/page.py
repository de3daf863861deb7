"""Writes the page that shows a notification and what was just done about it, and that accepts the answer. Pure.

It is one file of HTML, without script, and loads nothing from other places. Every text from a record passes through ``element``,
which escapes it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any, NamedTuple, get_args

from mekong.schemas.languages import Language
from mekong.schemas.notifications import Notification
from mekong.schemas.vocabulary import label, value_of
from mekong.schemas.written import moment, number
from mekong.sinks.delivery.answers.form import alerts_of
from mekong.sinks.delivery.answers.forms import forms
from mekong.sinks.delivery.answers.picture import picture
from mekong.sinks.delivery.markup import Markup, document, element, together
from mekong.sinks.delivery.words import say, series, word

STYLE = Markup((files("mekong.sinks.delivery.answers") / "style.css").read_text(encoding="utf-8"))
POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of every page: only the page's own style and forms."""
_FIGURES = ("p", "bits", "q", "e_value", "dispersion", "completeness")


class PageMessage(NamedTuple):
    """The text at the top of the page: that something was recorded, or why not."""

    text: str
    is_done: bool
    kind: str = ""
    """The form it is about: left open with what was given, when nothing was recorded."""
    given: Mapping[str, str] = {}
    may_insist: bool = False


def page(notification: Notification, now: datetime, nonce: str, message: PageMessage | None = None) -> str:
    """Write the page of a notification. ``nonce`` is put into its forms."""
    language = notification.language
    alerts = alerts_of(notification)
    told = [_alert(alert, language, is_open=place == 0, alone=len(alerts) == 1) for place, alert in enumerate(alerts)]
    main = element(
        "main",
        element("p", message.text, class_="said done" if message.is_done else "said wrong", role="status" if message.is_done else "alert")
        if message
        else None,
        _head(notification),
        *(told or [element("section", *_paragraphs(notification.text), class_="card")]),
        forms(notification, now, nonce, message),
    )
    return _document(language, notification.subject, main)


def plain(sentence: str, again: Mapping[str, str] | None = None, text: str = "") -> str:
    """Write a page that only says what is wrong, in every language, because the owner of the link is unknown.

    ``again``: a form to be sent once more.
    """
    text = text or f"{sentence}_text"
    parts = [
        element("section", element("h2", say(sentence, language)), element("p", say(text, language)), lang=language, class_="card")
        for language in get_args(Language)
    ]
    hidden = [element("input", type="hidden", name=name, value=value) for name, value in (again or {}).items()]
    button = element("button", " · ".join(say("send_again", language) for language in get_args(Language)), type="submit")
    form = element("form", *hidden, button, method="post") if again else None
    return _document("en", say(sentence, "en"), element("main", *parts, form))


def _document(language: str, title: str, main: Markup) -> str:
    head = together(
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex, nofollow"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", STYLE),
    )
    return document(language, head, element("body", main))


def _head(notification: Notification) -> Markup:
    member = label("agencies", notification.member, notification.language)
    facts = f"{say('exchange', notification.language)} · {notification.subscription} · {member}"
    raised = element("time", moment(notification.raised_at, notification.language), datetime=notification.raised_at.isoformat())
    return element("header", element("p", facts, " · ", raised, class_="soft"), element("h1", notification.subject))


def _alert(alert: Mapping[str, Any], language: Language, *, is_open: bool, alone: bool) -> Markup:
    """A single alert is shown open. Of several, each can be opened; its tier and sentence are always visible."""
    tier = str(alert["tier"])
    badge = element("span", word(tier, language), class_=f"tier {tier.lower()}")
    sentence = str(alert["sentences"][language])
    inside = together(picture(alert, language), *_stands_out(alert, language), *_cases(alert, language), _explain(alert, language))
    if alone:
        return element("article", element("p", sentence, class_="sentence"), inside, class_=f"card top {tier.lower()}")
    summary = element("summary", badge, " ", element("span", series(dict(alert), language), class_="soft"), element("p", sentence))
    return element("article", element("details", summary, inside, open=is_open), class_="card")


def _stands_out(alert: Mapping[str, Any], language: Language) -> Iterator[Markup]:
    found = alert.get("stands_out") or ()
    if not found:
        return
    yield element("h2", say("stands_out", language))
    rows = []
    for one in found:
        share = say("share", language, events=one["events"], of=one["of"], share=round(100 * one["usual_share"]))
        what = element("span", word(one["feature"], language), class_="soft")
        value = element("strong", value_of(one["feature"], one["value"], language))
        rows.append(element("li", what, " ", value, element("span", share, class_="soft"), class_="share"))
    yield element("ul", *rows, class_="plain")


def _cases(alert: Mapping[str, Any], language: Language) -> Iterator[Markup]:
    count = len(alert.get("event_ids", ())) + alert.get("more", 0)
    late = alert.get("late_share") or 0
    yield element("h2", say("cases", language, count=count))
    if late:
        yield element("p", say("late", language, share=round(100 * late)))
    if alert.get("sql"):
        yield element("p", say("sql", language), class_="soft")
        yield element("pre", element("code", alert["sql"]), tabindex=0)


def _explain(alert: Mapping[str, Any], language: Language) -> Markup:
    given = alert.get("explain") or {}
    rows = [(name.replace("_", "-"), f"{given[name]:g}") for name in _FIGURES if given.get(name) is not None]
    bucket = alert["bucket"]
    days = dict.fromkeys((str(bucket["start"]), str(bucket["end"])))
    rows += [("smallest", number(float(alert["smallest"]), language))] if alert.get("smallest") is not None else []
    rows += [
        (str(bucket["size"]), " … ".join(days)),
        ("series", str(alert["series"])),
        ("kind", f"{alert['kind']} {alert['state']}"),
        ("alert", str(alert["alert_id"])),
        ("rules", str(alert["rules"])),
    ]
    terms = [element("div", element("dt", name), element("dd", value)) for name, value in rows]
    return element("details", element("summary", say("explain", language)), element("dl", *terms), class_="explain")


def _paragraphs(text: str) -> Iterator[Markup]:
    for line in filter(None, map(str.strip, text.split("\n"))):
        yield element("p", line)
