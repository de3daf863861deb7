"""Reads the rows of a sheet that the exchange has exported: each case is the message that was exported, or is refused. Pure.

No layout is asked: the message is in the column ``rest``. It counts when its seal is right for every row of the case (``seal.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from mekong.producers.passed import Passed
from mekong.producers.sheets.built import Built
from mekong.producers.sheets.cells import Fault, Row, reference, words
from mekong.producers.sheets.personal import named, personal_text
from mekong.producers.sheets.rows import value_at
from mekong.producers.sheets.seal import SealedRow, cells_of, opened
from mekong.producers.sheets.spellings import code_of
from mekong.producers.sheets.table import Table
from mekong.schemas.limits import CASE_NO_LENGTH
from mekong.schemas.messages import Seizure
from mekong.schemas.rejected import Reason
from mekong.schemas.sheet_words import EXPORTED, OUR_HEADINGS, WITHDRAWN
from mekong.schemas.times import read_event_time

_CHANGED = "the row was changed after the export: correct the case in your own sheet or system, or send a correction of it with mekong send"
_NO_TEXTS = frozenset(("case_no", "seized_at", "reported_at", "quantity", "purity", "value_amount", "lat", "lon", "related_to"))
_OF_A_MACHINE = frozenset(("sha256", "conveyance"))
"""Fields of numbers, times and hashes: no cell of them is looked at for personal data."""


class Back(NamedTuple):
    """The rows of one case of an export."""

    case_no: str
    """Empty when it is not one."""
    rows: tuple[int, ...]
    built: Built


class Exported:
    """The cases of one exported sheet. It counts the withdrawn ones, which are not sent."""

    def __init__(self, table: Table, columns: Mapping[str, int], agency: str | None) -> None:
        """``columns``: where each column of ``EXPORTED`` is."""
        self._table, self._columns, self._agency = table, columns, agency
        self._headings = [(at, name) for at, name in table.headings.names.items() if name not in OUR_HEADINGS]
        self._withdrawn: set[str] = set()

    def __iter__(self) -> Iterator[Back]:
        last = {self._key(row): row.number for row in self._rows() if isinstance(row, Row)}
        waiting: dict[tuple[str, str], list[Row]] = {}
        self._withdrawn = set()
        for row in self._rows():
            if isinstance(row, Fault):
                yield Back("", (row.row,), Built(faults=[row]))
                continue
            key = self._key(row)
            if not key[1]:
                yield from self._back([row])
                continue
            waiting.setdefault(key, []).append(row)
            if last[key] == row.number:
                yield from self._back(waiting.pop(key))

    def passed(self) -> Passed:
        """The cases that are not sent, and what is not read at all."""
        return Passed(frozenset(self._withdrawn), (), self._table.unread)

    def notes(self) -> Iterator[str]:
        """What was passed over."""
        if self._withdrawn:
            yield f"rows of an export whose case is withdrawn, not sent: {len(self._withdrawn):,}"

    def _rows(self) -> Iterator[Row | Fault]:
        """The rows below the headings that are not blank."""
        for row in self._table.sheet.rows():
            if isinstance(row, Fault):
                if row.row > self._table.headings.row:
                    yield row
            elif row.number > self._table.headings.row and any(words(value_at(row, at)) for at, _ in self._headings):
                yield row

    def _key(self, row: Row) -> tuple[str, str]:
        return self._text(row, "agency"), self._text(row, "case_no")

    def _text(self, row: Row, name: str) -> str:
        return words(value_at(row, self._columns[name]))

    def _back(self, rows: Sequence[Row]) -> Iterator[Back]:
        """One case; nothing for one that was withdrawn."""
        agency, case_no = self._key(rows[0])
        found = opened([self._sealed(row) for row in rows])
        is_withdrawn = self._text(rows[0], "status") == WITHDRAWN
        if found and found.content is None and is_withdrawn:
            self._withdrawn.add(case_no)
            return
        built = Built(agency=self._agency or agency or None, cells={"case_no": reference(rows[0].number, self._columns["case_no"])})
        if found is None or found.content is None or is_withdrawn:
            self._refuse(built, rows, "rest", Reason.INVALID_VALUE, _CHANGED)
        elif agency != built.agency:
            why = f"is the case of another agency, and the sender is {built.agency}: send only your own cases, or leave out --agency"
            self._refuse(built, rows, "agency", Reason.WRONG_AGENCY, why)
        elif wrong := refused(found.content, agency, case_no):
            self._refuse(built, rows, "rest", Reason.INVALID_VALUE, wrong)
        else:
            built.message, built.time = dict(found.content), read_event_time(found.content["seized_at"])
        is_number = len(case_no) <= CASE_NO_LENGTH and not named(case_no)
        yield Back(case_no if is_number else "", tuple(row.number for row in rows), built)

    def _sealed(self, row: Row) -> SealedRow:
        return SealedRow(cells_of((name, value_at(row, at)) for at, name in self._headings), self._text(row, "rest"))

    def _refuse(self, built: Built, rows: Sequence[Row], column: str, reason: Reason, why: str) -> None:
        at = self._columns[column]
        built.faults += [Fault(row.number, reference(row.number, at), EXPORTED[column], reason, why) for row in rows]


def refused(content: Mapping[str, Any], agency: str, case_no: str) -> str:
    """Why a content with a right seal is not sent; empty when it is."""
    try:
        is_case = (content["message_type"], content["agency"], content["case_no"]) == ("seizure", agency, case_no)
        Seizure.model_validate_json(orjson.dumps(content))
    except (KeyError, ValidationError):
        is_case = False
    if not is_case:
        return _CHANGED
    what = named(case_no) or next((what for text in _texts(content) if (what := personal_text(text))), None)
    return f"seems to have {what}: the case cannot be sent as a sheet" if what else ""


def _texts(value: Any, field: str = "") -> Iterator[str]:
    """The texts of a content in which personal data may be."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, field)
    elif isinstance(value, str) and field not in _NO_TEXTS | _OF_A_MACHINE:
        is_goods = field == "substance_or_taxon" and (code_of("substances", value) or code_of("taxa", value))
        if not is_goods:
            yield value
