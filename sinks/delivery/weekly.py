"""Writes the sections of a weekly summary as a table of a mail: a row for each section, its title and its sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mekong.schemas.notifications import Notification, SectionLine, WeeklySection
from mekong.sinks.delivery.markup import Markup, element
from mekong.sinks.delivery.style import FONT, INK, LINE, LOOK, SOFT

_CELL = f"padding:14px 0;border-top:1px solid {LINE};vertical-align:top;{FONT}"
_TITLE = f"margin:0 0 6px;font-size:13px;color:{SOFT};{FONT}"
_SENTENCE = f"margin:0 0 6px;font-size:16px;line-height:1.5;color:{INK};{FONT}"
_LOOK = f"{_SENTENCE};padding-left:10px;border-left:4px solid {LOOK};font-weight:bold"


def table(notification: Notification) -> Markup:
    """The sections of the summary. A sentence that needs a look is bold and marked."""
    sections = (WeeklySection.model_validate(item) for item in notification.items)
    rows = [element("tr", element("td", *_cell(one), style=_CELL)) for one in sections]
    return element("table", *rows, role="presentation", width="100%", cellspacing=0, cellpadding=0)


def _cell(section: WeeklySection) -> Iterator[Markup]:
    yield element("p", section.title, style=_TITLE)
    yield from map(_sentence, section.lines)


def _sentence(line: SectionLine) -> Markup:
    return element("p", line.text, style=_LOOK if line.needs_a_look else _SENTENCE)
