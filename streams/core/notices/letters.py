"""Writes the subject and text of a warning, a feedback or a reminder in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mekong.schemas.languages import Language
from mekong.schemas.vocabulary import label
from mekong.streams.core.notices.dues import Late
from mekong.streams.core.notices.moment import local
from mekong.streams.core.notices.texts import Text, say

_MINUTE_S, _HOUR_S = 60, 3_600


def warning(entry: Mapping[str, Any], member: str, offset: int, language: Language) -> Text:
    """The text of a version of a warning for ``member``."""
    facts = {"who": label("agencies", entry["agency"], language), "case_no": entry["case_no"]}
    if entry["status"] == "withdrawn":
        return Text(say("warning_over", language, **facts), say("warning_over", language, **facts))
    subject = say("warning" if entry["version"] == 1 else "warning_again", language, **facts)
    if member not in entry["content"]["to"]:
        return Text(subject, say("not_named", language))
    return Text(subject, "\n".join(_lines(entry["content"], offset, language)) or subject)


def feedback(entry: Mapping[str, Any], after_s: int | None, language: Language) -> Text:
    """The text of a version of a feedback, with the time between the warning and the feedback."""
    facts = {"who": label("agencies", entry["agency"], language), "case_no": entry["case_no"]}
    if entry["status"] == "withdrawn":
        return Text(say("feedback_over", language, **facts), say("feedback_over", language, **facts))
    content = entry["content"]
    lines = [say("outcome", language, what=label("feedback_outcomes", content["outcome"], language))]
    if after_s is not None:
        lines.append(say("after", language, hours=after_s // _HOUR_S, minutes=after_s % _HOUR_S // _MINUTE_S))
    if content.get("method_note"):
        lines.append(say("note", language, what=content["method_note"]))
    return Text(say("feedback", language, **facts), "\n".join(lines))


def reminder(late: Late, member: str, offset: int, language: Language) -> Text:
    """The text about missing feedback: the member's own, or that of the members that it warned."""
    whose = "others" if late.warning["agency"] == member else "own"
    facts = {
        "who": label("agencies", late.warning["agency"], language),
        "case_no": late.warning["case_no"],
        "by": local(late.by, offset),
        "missing": ", ".join(label("agencies", one, language) for one in late.missing),
    }
    return Text(say(f"reminder_{whose}", language, **facts), say(f"reminder_{whose}_text", language, **facts))


def _lines(content: Mapping[str, Any], offset: int, language: Language) -> Iterator[str]:
    goods = [label("commodity_groups", one, language) for one in content.get("commodity_groups", ())]
    goods += content.get("substances_or_taxa", ())
    route = [label("countries", step["country"], language) for step in content.get("route", ())]
    transport = content.get("transport_mode")
    ways = [label("concealment", one, language) for one in content.get("concealment_methods", ())]
    for what, found in (
        ("goods", ", ".join(goods)),
        ("route", " → ".join(route)),
        ("transport", label("transport", transport, language) if transport else ""),
        ("concealment", ", ".join(ways)),
        ("note", content.get("method_note", "")),
    ):
        if found:
            yield say(what, language, what=found)
    if content.get("feedback_by"):
        yield say("feedback_by", language, by=local(datetime.fromisoformat(content["feedback_by"]), offset))
