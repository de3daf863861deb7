"""Defines ``Said``, one thing that a receipt says, and ``Checked``, what was found in a sheet. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from mekong.producers.passed import Passed
from mekong.producers.sheets.marking import Finding, Marking
from mekong.producers.sheets.table import Table
from mekong.schemas.languages import Language
from mekong.schemas.times import EventTime

_TEXTS = ("substance_or_taxon", "admin1", "method_note")
"""The fields whose value is free text."""
_QUOTED = re.compile(r"""(['"]).*\1:?""")


class Said(NamedTuple):
    """One thing that a receipt says, or would say."""

    rejected: bool
    code: str
    field: str
    sentence: str
    """Without the words of a text of the sender."""


Judge = Callable[[str, bytes], Iterable[Said]]
"""Agency and message -> what its receipt would say; nothing when it would be accepted without a notice."""


class SeenCase(NamedTuple):
    """One case of a sheet that was looked through."""

    case_no: str
    """Empty when it cannot be read."""
    time: EventTime | None
    """None when it cannot be read, or when the case has a fault."""


class Checked(NamedTuple):
    """What was found in a sheet."""

    findings: tuple[Finding, ...]
    results: Mapping[int, str]
    """Row -> a key of ``schemas.sheet_words.RESULTS``."""
    cases: Sequence[tuple[int, ...]]
    """The rows of each case with several rows."""
    counts: Counter[str]
    """The results, of cases."""
    notes: tuple[str, ...]
    seen: Sequence[SeenCase] = ()
    """All cases, those with faults too."""
    passed: Passed = Passed()
    """What was not read as cases."""

    @property
    def good(self) -> bool:
        """Whether there are cases, and nobody needs to correct or answer anything."""
        return bool(self.counts.total()) and not (self.counts["rejected"] or self.counts["question"])

    def marking(self, table: Table, summary: Sequence[str], language: Language) -> Marking:
        """What is written onto the sheet, in a language. ``summary`` is in it already."""
        return Marking(
            sheet=table.sheet.name,
            heading_row=table.headings.row,
            results=self.results,
            cases=self.cases,
            findings=[one.spoken(language) for one in self.findings],
            summary=summary,
            language=language,
            template=table.template,
        )


def plain(field: str, sentence: str) -> str:
    """The sentence of a receipt without the words of a text: they may be a person's name."""
    if field.rpartition(".")[2] not in _TEXTS:
        return sentence
    return _QUOTED.sub("the text of the cell", sentence)
