"""Proposes a layout for a sheet that none is known for, with the confidence of each column, and asks for what it cannot know. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from mekong.producers.sheets import evidence
from mekong.producers.sheets.cells import Fault, Row, Sheet, Value, words
from mekong.producers.sheets.fields import FIELDS
from mekong.producers.sheets.footers import names_a_footer
from mekong.producers.sheets.headings import Texts, candidates, top
from mekong.producers.sheets.personal import personal_heading
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.rows import value_at
from mekong.producers.sheets.vocabulary import NOTHING, meanings, split_unit
from mekong.producers.sheets.weights import doubts
from mekong.schemas.damage import names_a_total

SURE = 84.0
"""A column is proposed from this confidence on, in per cent."""
POSSIBLE = 50.0
_APART = 6.0
"""A proposal that another field is so close to is asked."""
_FITS = 0.8
_WEAK_HEADING = 72.0
_EXACT = 97.0
_ENOUGH = 3
"""Values that say something together."""


class Proposal(NamedTuple):
    """What one column of a sheet may be."""

    at: int
    heading: str
    field: str
    """Empty when it is not to be sent."""
    confidence: float
    """In per cent."""
    sure: bool
    """Otherwise a person is asked."""
    other: str = ""
    """The next field that it may be."""
    unit: str = ""
    is_personal: bool = False
    why: str = ""
    """Why it is asked, when that is known."""


class Guess(NamedTuple):
    """What was found in one sheet."""

    row: int
    proposals: tuple[Proposal, ...]
    values: Mapping[int, Sequence[Value]]


def guess(sheet: Sheet) -> Guess:
    """The proposals for the columns of a sheet. Raises Unreadable when no row looks like headings."""
    scored = [(_heading_score(texts), row, texts) for row, texts in candidates(top(sheet), sheet.merged)]
    score, row, texts = max(scored, key=lambda one: (one[0], -one[1].number), default=(0.0, Row(0, ()), {}))
    if score <= 0:
        raise Unreadable("no row looks like the headings of a table: write headings above the columns")
    below = [one for one in sheet.rows() if not isinstance(one, Fault) and one.number > row.number and _is_case(one)]
    below = list(islice(below, evidence.LOOKED_AT))
    values = {index: [value for one in below if words(value := value_at(one, index))] for index in texts}
    proposals = tuple(_assigned(texts, values))
    asked = doubts(proposals, values)
    found = tuple(one._replace(sure=False, why=asked[one.at]) if one.at in asked else one for one in proposals)
    return Guess(row.number, found, values)


def _is_case(row: Row) -> bool:
    first = next(filter(None, map(words, row.values)), "")
    return bool(first) and not names_a_total(first) and not names_a_footer(first)


def _heading_score(texts: Texts) -> float:
    """How much a row looks like headings: the sum of what its texts mean."""
    return sum(max(max(meanings(split_unit(way)[0]).values(), default=0.0) for way in ways) for ways in texts.values() if len(ways[0]) < 80)  # noqa: PLR2004


def _assigned(texts: Texts, values: Mapping[int, Sequence[Value]]) -> Iterator[Proposal]:
    """Each field once, the likeliest column first; other columns that may be it are asked."""
    scores = {index: _scores(ways, values[index]) for index, ways in texts.items()}
    taken: dict[str, int] = {}
    order = sorted(scores, key=lambda index: (-max(scores[index].values(), default=0.0), index))
    found = []
    for index in order:
        heading = texts[index][0]
        ranked = sorted(scores[index].items(), key=lambda item: (-item[1], item[0]))
        found.append(_proposal(index, heading, ranked, taken, values[index]))
    yield from sorted(found)


def _proposal(index: int, heading: str, ranked: list[tuple[str, float]], taken: dict[str, int], values: Sequence[Value]) -> Proposal:
    if personal_heading(heading) or evidence.personal(values):
        return Proposal(index, heading, NOTHING, 100.0, sure=True, is_personal=True)
    field, score = ranked[0] if ranked else (NOTHING, 0.0)
    second, next_score = ranked[1] if len(ranked) > 1 else (NOTHING, 0.0)
    if score < POSSIBLE:
        return Proposal(index, heading, NOTHING, 100.0 - score, sure=True)
    sure = score >= SURE and score - next_score >= _APART
    if field and FIELDS[field].kind != "codes" and field in taken:
        sure = False
    elif field and sure:
        taken[field] = index
    unit = split_unit(heading)[1] if field == "quantity" else ""
    return Proposal(index, heading, field, min(score, 100.0), sure, second if next_score >= POSSIBLE else NOTHING, unit)


def _scores(ways: Sequence[str], values: Sequence[Value]) -> dict[str, float]:
    """Field -> confidence in per cent, of the heading and the values together."""
    found: dict[str, float] = {}
    for way in ways:
        for field, alike in meanings(split_unit(way)[0]).items():
            found[field] = max(found.get(field, 0.0), alike if field == NOTHING else _together(field, alike, values))
    if not any(score >= _WEAK_HEADING for score in found.values()):  # values alone: always asked
        for field in ("seized_at", "substance_or_taxon", "unit", "country"):
            if len(values) > 2 and evidence.fit(field, values) >= _FITS:  # noqa: PLR2004
                found[field] = max(found.get(field, 0.0), POSSIBLE + 10)
    return found


def _together(field: str, alike: float, values: Sequence[Value]) -> float:
    fits = evidence.fit(field, values)
    bonus = 12.0 if len(values) >= _ENOUGH and fits >= _FITS and evidence.strong(field) and alike >= _WEAK_HEADING else 0.0
    only_words = alike >= _EXACT and FIELDS[field].kind in ("code", "codes")  # words that are not on the list are asked
    doubt = 0.0 if fits >= 0.5 or only_words else 40.0 * (0.5 - fits) * 2  # noqa: PLR2004 - half of the values
    return max(0.0, alike + bonus - doubt)
