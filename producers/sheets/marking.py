"""Defines ``Marking``: what is written onto a sheet for its sender, row by row and cell by cell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mekong.producers.sheets.marker import Marker
from mekong.schemas.languages import LANGUAGES, Language
from mekong.schemas.said import label, told
from mekong.schemas.sheet_words import MARKED

Level = Literal["rejected", "question", "notice"]
"""``question``: `send` asks about it before anything is sent."""
LEVELS: tuple[Level, ...] = ("rejected", "question", "notice")
"""The worst first."""
COLORS: Mapping[Level, str] = {"rejected": "FFC7CE", "question": "FFD9A0", "notice": "FFEB9C"}
"""Of the cells."""
AUTHOR = "Seizure Exchange"
"""Of the comments."""


class Finding(NamedTuple):
    """One thing that a person should look at."""

    level: Level
    row: int
    """0: it is of the file."""
    cell: str
    """``C7``; empty when it is of the row."""
    heading: str
    """Of the column; or the field's name."""
    code: str
    sentence: str
    """What is wrong and what to do, without the words of a text of the sheet."""

    def spoken(self, language: Language) -> Finding:
        """The same in a language. What is not known in it is in English, after what its code means."""
        if language == LANGUAGES[0]:
            return self
        heading = self.heading if self.cell else label(self.heading, language)
        said = " ".join(part.text for part in told(self.code, "", self.sentence, language))
        return self._replace(heading=heading, sentence=said)


@dataclass(frozen=True, kw_only=True)
class Marking:
    """What is written onto one sheet."""

    sheet: str
    """The name of the worksheet; empty for a CSV file."""
    heading_row: int
    results: Mapping[int, str]
    """Row -> what became of it: a key of ``schemas.sheet_words.RESULTS``. A row that is not here was not read."""
    cases: Sequence[tuple[int, ...]] = ()
    """The rows of each case with several rows."""
    findings: Sequence[Finding] = ()
    summary: Sequence[str] = ()
    language: Language = "en"
    template: Marker | None = None
    """What the template that it is made from says of itself."""
    by_row: Mapping[int, list[Finding]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[int, list[Finding]] = {}
        for one in sorted(self.findings, key=lambda one: LEVELS.index(one.level)):
            found.setdefault(one.row, []).append(one)
        object.__setattr__(self, "by_row", found)

    def bad_rows(self) -> set[int]:
        """The rows that a person should look at, with all rows of their cases."""
        bad = set(self.by_row) - {0}
        return bad.union(*(rows for rows in self.cases if bad.intersection(rows)))


def reasons(findings: Sequence[Finding]) -> str:
    """The text for the column of reasons."""
    return "\n".join(": ".join(filter(None, (f"{one.cell} {one.heading}".strip(), one.sentence))) for one in findings)


def summary_lines(marking: Marking) -> list[str]:
    """The lines of the worksheet with the summary. By the first one it is known as ours."""
    return [MARKED["summary"][marking.language], *marking.summary]
