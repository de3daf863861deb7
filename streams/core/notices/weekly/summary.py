"""Writes the weekly summary of a subscription from its sections. ``week/<member>`` -> what the section about the feed needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from mekong.schemas.languages import LANGUAGES, Language
from mekong.schemas.notifications import SectionLine, WeeklySection
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.texts import Text, say
from mekong.streams.core.notices.weekly import SECTIONS
from mekong.streams.core.notices.weekly.section import Week

FORMAT = 1
_DAY = timedelta(days=1)


class Summary(NamedTuple):
    """The text of a weekly summary, and its sections as JSON values of ``WeeklySection``."""

    text: Text
    sections: tuple[dict[str, Any], ...]


def summary(week: Week, language: Language) -> Summary | None:
    """The summary; None when no section has anything to tell."""
    found = tuple(_sections(week, language))
    if not found:
        return None
    looks = sum(line.needs_a_look for one in found for line in one.lines)
    subject = say("weekly_look" if looks else "weekly_well", language, day=week.ends - _DAY, count=looks)
    return Summary(Text(subject, "\n\n".join(map(_text, found))), tuple(one.model_dump(mode="json") for one in found))


def keep(draft: Draft, member: str, ends: date, feed: Mapping[str, Any]) -> None:
    """Keep the health of a member's feed until its subscriptions are due. What cannot be written fails here, and not when it is due.

    A later week that is kept already stays.
    """
    for language in LANGUAGES:
        summary(Week(ends, feed, {}), language)
    before = draft.get(_key(member))
    if before is None or before["ends"] <= ends.isoformat():
        draft.put(_key(member), {"f": FORMAT, "ends": ends.isoformat(), "feed": feed})


def kept(draft: Draft, member: str, ends: date) -> Mapping[str, Any] | None:
    """The health of the member's feed at the end of this week; None when it is not known."""
    found = draft.get(_key(member))
    return found["feed"] if found is not None and found["ends"] == ends.isoformat() else None


def _sections(week: Week, language: Language) -> Iterator[WeeklySection]:
    for one in SECTIONS:
        figures = one.figures(week)
        if figures is not None:
            lines = tuple(SectionLine(text=line.text, needs_a_look=line.needs_a_look) for line in one.lines(figures, language))
            yield WeeklySection(section=one.name, title=one.title[language], lines=lines, figures=dict(figures))


def _text(section: WeeklySection) -> str:
    return "\n".join([section.title, *_listed(section.lines)])


def _listed(lines: Iterable[SectionLine]) -> Iterator[str]:
    for line in lines:
        yield f"- {'(!) ' if line.needs_a_look else ''}{line.text}"


def _key(member: str) -> bytes:
    return f"week/{member}".encode()
