"""Writes the summary of a sheet in a language: what would become of its cases, or became of them, and the most frequent reasons. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mekong.producers.sheets.marking import LEVELS, Finding
from mekong.schemas.languages import Language
from mekong.schemas.said import said
from mekong.schemas.sheet_words import LEVELS as NAMES
from mekong.schemas.sheet_words import RESULTS, SUMMARY

_NUMBERS = re.compile(r"'[^']*'|[\d.,]*\d")
_KINDS = 8
_PLACES = 5
_CHECKED = ("good", "notice", "question", "rejected")
_ALWAYS = ("good", "rejected")


def summary(
    name: str, layout: str, counts: Mapping[str, int], findings: Sequence[Finding], notes: Iterable[str], language: Language = "en"
) -> list[str]:
    """Of a check. At most about twenty lines. ``findings`` and ``notes`` are in English."""
    by = _say("by", language, layout=layout) if layout else ""
    head = _say("head", language, name=name, count=f"{sum(counts.values()):,}", by=by)
    results = (result for result in _CHECKED if counts.get(result) or result in _ALWAYS)
    lines = (f"  {NAMES[one][language]:<10} {counts.get(one, 0):>8,}  ({_say(one, language)})" for one in results)
    return [head, *lines, *reasons(findings, language), *_noted(notes, language)]


def account(
    receipts: int, counts: Mapping[str, int], findings: Sequence[Finding], notes: Iterable[str], language: Language = "en"
) -> list[str]:
    """Of a sheet that was sent. ``receipts``: cases with a receipt; ``counts``: a key of ``RESULTS`` -> cases."""
    head = _say("receipts", language, count=f"{receipts:,}", all=f"{sum(counts.values()):,}")
    lines = (f"  {counts[result]:>8,}  {words[language]}" for result, words in RESULTS.items() if counts.get(result))
    return [head, *lines, *reasons(findings, language), *_noted(notes, language)]


def reasons(findings: Sequence[Finding], language: Language = "en") -> Iterator[str]:
    """The most frequent kinds of findings, the worst first, each with its first places."""
    kinds: dict[tuple[int, str, str], list[Finding]] = {}
    for one in findings:
        kinds.setdefault((LEVELS.index(one.level), one.heading, _NUMBERS.sub("#", one.sentence)), []).append(one)
    ordered = sorted(kinds.items(), key=lambda kind: (kind[0][0], -len(kind[1])))
    if ordered:
        yield _say("reasons", language)
    for (level, _, _), found in ordered[:_KINDS]:
        places = list(
            dict.fromkeys(one.cell or (_say("row", language, row=one.row) if one.row else _say("file", language)) for one in found)
        )
        more = ", ..." if len(places) > _PLACES else ""
        first, kind = found[0].spoken(language), NAMES[LEVELS[level]][language]
        yield f"  {len(found):,} x {kind}, {first.heading}: {first.sentence} ({', '.join(places[:_PLACES])}{more})"
    if len(ordered) > _KINDS:
        yield f"  {_say('more', language, count=f'{len(ordered) - _KINDS:,}')}"


def _noted(notes: Iterable[str], language: Language) -> Iterator[str]:
    return (f"  {_say('note', language, note=said(note, language).text)}" for note in notes)


def _say(key: str, language: Language, **given: object) -> str:
    return SUMMARY[key][language].format(**given)
