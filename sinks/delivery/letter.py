"""Writes the two bodies of a notification's mail, with the link to answer it: plain text, and HTML with the same words. Pure.

Mail programs support little HTML. So the HTML uses tables and a style in each element, and loads nothing from other places.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from mekong.schemas.languages import Language
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.written import number
from mekong.sinks.delivery import weekly
from mekong.sinks.delivery.links import Link
from mekong.sinks.delivery.markup import Markup, document, element, together
from mekong.sinks.delivery.style import FONT, INK, LINE, LOOK, SOFT
from mekong.sinks.delivery.words import say

_OBSERVED, _EXPECTED = "#b3421a", "#9fb8c4"
_BUTTON = f"display:inline-block;padding:12px 22px;background:#0b5563;color:#ffffff;text-decoration:none;border-radius:6px;{FONT}"
_STRIPE = {"SEVERE": "#a4262c", "SPIKE": LOOK, "NOTICE": "#52708a"}


def as_text(notification: Notification, link: Link | None = None) -> str:
    """The body in plain text."""
    if link is None:
        return f"{notification.text}\n"
    language = notification.language
    until = say("answer_until", language, until=link.until.date())
    return f"{notification.text}\n\n{say('answer_how', language)}\n{link.url}\n{until}\n"


def as_html(notification: Notification, link: Link | None = None) -> str:
    """The body in HTML."""
    heading = element("h1", notification.subject, style=f"margin:0 0 16px;font-size:20px;line-height:1.3;color:{INK};{FONT}")
    cell = element(
        "td",
        heading,
        _body(notification),
        _bars(notification),
        _answer(notification, link) if link else None,
        style=f"padding:24px 28px;background:#ffffff;border:1px solid {LINE};border-top:4px solid {_stripe(notification)}",
    )
    inner = element("table", element("tr", cell), role="presentation", width="100%", cellspacing=0, cellpadding=0, style="max-width:600px")
    outer = element("td", inner, _foot(notification), align="center", style="padding:20px 12px")
    table = element("table", element("tr", outer), role="presentation", width="100%", cellspacing=0, cellpadding=0)
    head = together(element("meta", name="viewport", content="width=device-width"), element("title", notification.subject))
    return document(notification.language, head, element("body", table, style="margin:0;background:#f3f5f7"))


def _body(notification: Notification) -> Markup:
    return weekly.table(notification) if notification.reason is Reason.WEEKLY else together(*_paragraphs(notification.text))


def _paragraphs(text: str) -> Iterator[Markup]:
    """A blank line parts paragraphs; lines that begin with a hyphen are a list."""
    style = f"margin:0 0 14px;font-size:16px;line-height:1.55;color:{INK};{FONT}"
    for part in filter(None, map(str.strip, text.split("\n\n"))):
        for is_list, lines in groupby(part.split("\n"), key=lambda line: line.startswith("- ")):
            if is_list:
                items = [element("li", line.removeprefix("- "), style="margin:0 0 8px") for line in lines]
                yield element("ul", *items, style=f"{style};padding-left:20px")
            else:
                yield element("p", *_broken(list(lines)), style=style)


def _broken(lines: list[str]) -> Iterator[str]:
    for place, line in enumerate(lines):
        if place:
            yield element("br")
        yield line


def _bars(notification: Notification) -> Markup | None:
    """Observed against expected, of a notification of one alert."""
    alert = notification.items[0] if notification.reason is Reason.ALERT and notification.items else {}
    if alert.get("expected") is None:
        return None
    observed, expected = float(alert["observed"]), float(alert["expected"])
    longest = max(observed, expected, 1.0)
    rows = [
        _bar(say("observed", notification.language), observed, longest, _OBSERVED, notification.language),
        _bar(say("expected", notification.language), expected, longest, _EXPECTED, notification.language),
    ]
    return element("table", *rows, role="presentation", width="100%", cellspacing=0, cellpadding=0, style="margin:4px 0 20px")


def _bar(name: str, value: float, longest: float, colour: str, language: Language) -> Markup:
    width = max(1, round(100 * value / longest))
    text = f"font-size:14px;color:{SOFT};{FONT};white-space:nowrap"
    full = element("td", " ", width=f"{width}%", height=14, style=f"background:{colour};font-size:0;line-height:0;border-radius:3px")
    rest = element("td", " ", style="font-size:0") if width < 100 else None  # noqa: PLR2004 - per cent
    drawn = element("table", element("tr", full, rest), role="presentation", width="100%", cellspacing=0, cellpadding=0)
    return element(
        "tr",
        element("td", name, width="1%", style=f"{text};padding:3px 12px 3px 0"),
        element("td", drawn),
        element(
            "td", number(value, language), width="1%", align="right", style=f"{text};padding:3px 0 3px 12px;font-weight:bold;color:{INK}"
        ),
    )


def _answer(notification: Notification, link: Link) -> Markup:
    language = notification.language
    small = f"margin:12px 0 0;font-size:13px;line-height:1.5;color:{SOFT};{FONT}"
    return together(
        element("p", element("a", say("answer", language), href=link.url, style=_BUTTON), style="margin:8px 0 0"),
        element("p", f"{say('answer_how', language)} {link.url}", style=f"{small};word-break:break-all"),
        element("p", say("answer_until", language, until=link.until.date()), style=small),
    )


def _foot(notification: Notification) -> Markup:
    text = f"{say('exchange', notification.language)} · {notification.subscription}"
    return element("p", text, style=f"margin:12px 0 0;font-size:12px;color:{SOFT};{FONT}")


def _stripe(notification: Notification) -> str:
    """The colour of the strongest alert in it."""
    tiers: list[Any] = [item.get("tier") for item in notification.items]
    return next((colour for tier, colour in _STRIPE.items() if tier in tiers), "#0b5563")
