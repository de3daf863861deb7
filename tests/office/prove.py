"""``python -m tests.office.prove`` (``make office``): the templates and the marked sheets in LibreOffice. It prints a line for each proof.

Of each language: the empty template keeps its drop-down lists and limits; a filled-in one that LibreOffice has saved as .xlsx, .ods, .xls
or .csv comes back clean and gives the same messages; a marked sheet that LibreOffice has saved gives the same findings when it is checked
again. Exit code 1 when one does not hold. Not part of `make test`: LibreOffice is too large for it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
from click.testing import CliRunner

from mekong.deploy.check.trial import Trial
from mekong.deploy.cli import mekong
from mekong.producers.sheets.cases import Cases
from mekong.producers.sheets.checking import check_sheet
from mekong.producers.sheets.judged import Checked
from mekong.producers.sheets.marked import marked
from mekong.producers.sheets.marker import NAME
from mekong.producers.sheets.table import Table, open_table
from mekong.producers.sheets.template import template
from mekong.schemas.columns import COLUMNS
from mekong.schemas.languages import LANGUAGES, Language
from tests.office import libreoffice
from tests.unit.filled import AT, FIRST_ROW, filled, saved, workbook

AGENCY = "VN-CUSTOMS"
CASES = 200
KINDS = ("xlsx", "ods", "xls")
NOW_MS = 1_780_000_000_000  # May 2026
TYPES = {"date": "date", "number": "decimal", "count": "whole", "code": "list", "codes": "list", "goods": "list"}
"""Kind of a column -> kind of its validation."""
WRONG = (("case_no", None), ("seized_at", "31/31/2026"), ("country", "Atlantis"), ("quantity", "a lot"), ("unit", "bushel"))
"""Field, and what is typed into it."""


def main() -> int:
    """All proofs. Returns the exit code."""
    print(libreoffice.ready(), flush=True)
    good = True
    with tempfile.TemporaryDirectory() as name:
        for language in LANGUAGES:
            for what, faults in _proofs(language, Path(name) / language):
                print(
                    f"{'FAILED' if faults else 'holds '} {language}  {what}", *faults[:10], sep="\n         " if faults else "", flush=True
                )
                good = good and not faults
    print("everything holds" if good else "something does not hold")
    return 0 if good else 1


def _proofs(language: Language, folder: Path) -> Iterator[tuple[str, list[str]]]:
    empty = _written(folder / "empty.xlsx", template(AGENCY, language))
    for kind in KINDS:
        kept = libreoffice.save(empty, kind, folder / kind)
        as_xlsx = libreoffice.save(kept, "xlsx", folder / f"{kind}-as-xlsx")
        yield f"an empty template saved as .{kind} keeps its lists, limits and protection", _lost(as_xlsx)
    whole = _written(folder / "filled.xlsx", filled(language, CASES))
    for kind in KINDS:
        back = libreoffice.save(whole, kind, folder / kind)
        yield f"a filled-in template saved as .{kind} comes back clean: {CASES} cases, the same messages", _changed(whole, back)
    yield from _as_csv(language, folder)
    marks = _marked(_with_errors(language))
    once = _written(folder / "marked.xlsx", marks)
    for kind in KINDS:
        back = libreoffice.save(once, kind, folder / kind)
        yield f"a marked sheet saved as .{kind} gives the same findings", _differs(once, back)


def _as_csv(language: Language, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A CSV file has no numbers, only texts: one with three decimals can be read in two ways."""
    book = workbook(language, CASES)
    for number in range(CASES):
        book.worksheets[0].cell(FIRST_ROW + number, AT["quantity"]).value = 1.5 + number / 4
    clear = _written(folder / "clear.xlsx", saved(book))
    back = libreoffice.save(clear, "csv", folder / "csv")
    yield f"a filled-in template saved as .csv comes back clean: {CASES} cases, the same messages", _changed(clear, back)
    back = libreoffice.save(folder / "filled.xlsx", "csv", folder / "csv")
    refused = [one.cell for case in Cases(open_table(back.read_bytes()), AGENCY) for one in case.faults]
    wanted = [f"{openpyxl.utils.get_column_letter(AT['quantity'])}{FIRST_ROW + number}" for number in range(CASES) if number % 2]
    faults = [] if refused == wanted else [f"refused: {sorted(set(refused) ^ set(wanted))}"]
    yield "in a .csv, each quantity with three decimals is refused with its cell, because it can be read in two ways", faults


def _lost(file: Path) -> list[str]:
    """What a template lacks after LibreOffice has saved it."""
    book = openpyxl.load_workbook(file)
    data = book.worksheets[0]
    faults = [] if data.protection.sheet else ["the headings are not protected"]
    faults += [] if book[NAME].sheet_state == "hidden" else [f"the worksheet {NAME} is not hidden"]
    for field, column in COLUMNS.items():
        cell = f"{openpyxl.utils.get_column_letter(AT[field])}{FIRST_ROW + 100}"
        found = [one for one in data.data_validations.dataValidation if cell in one.sqref]
        wanted = TYPES.get(column.kind)
        if wanted and [one.type for one in found] != [wanted]:
            faults.append(f"{field}: its validation is {[one.type for one in found]}, not {wanted}")
        elif wanted == "list":
            faults += _empty_list(book, field, str(found[0].formula1))
    return faults


def _empty_list(book: openpyxl.Workbook, field: str, formula: str) -> list[str]:
    sheet, _, area = formula.lstrip("=").replace("'", "").replace("$", "").rpartition("!")
    texts = [cell.value for row in book[sheet][area] for cell in row] if sheet == NAME else []
    return [] if texts and all(texts) else [f"{field}: its drop-down list {formula} has no texts"]


def _changed(before: Path, after: Path) -> list[str]:
    """What is not the same in the messages of two files, and what `mekong check` does not accept."""
    agency = () if after.suffix != ".csv" else ("--agency", AGENCY)
    shown = CliRunner().invoke(mekong, ["check", str(after), "--marked", str(after.with_name(f"{after.suffix[1:]}-marked.xlsx")), *agency])
    faults = [] if shown.exit_code == 0 else [f"mekong check: {shown.output}{shown.exception or ''}"]
    messages = [[case.message for case in Cases(open_table(file.read_bytes()), AGENCY)] for file in (before, after)]
    if len(messages[0]) != CASES:
        faults.append(f"{len(messages[0])} cases, not {CASES}")
    pairs = zip(*messages, strict=False)
    faults += [f"{one} became {other}" for one, other in pairs if one != other]
    return faults + ([] if len(messages[0]) == len(messages[1]) else [f"{len(messages[1])} cases instead of {len(messages[0])}"])


def _differs(before: Path, after: Path) -> list[str]:
    """What a check finds in one of two sheets only."""
    one, other = (_checked(file.read_bytes())[1] for file in (before, after))
    faults = [f"only in one: {each}" for each in sorted(set(one.findings) ^ set(other.findings))]
    if len({each.cell for each in one.findings}) != len(WRONG):
        faults.append(f"{len(WRONG)} errors were written, and {len(one.findings)} were found")
    return faults + ([] if one.counts == other.counts else [f"{one.counts} became {other.counts}"])


def _with_errors(language: Language) -> bytes:
    book = workbook(language, 20)
    for row, (field, value) in enumerate(WRONG, FIRST_ROW + 2):
        book.worksheets[0].cell(row, AT[field]).value = value
    return saved(book)


def _checked(data: bytes) -> tuple[Table, Checked]:
    table = open_table(data)
    return table, check_sheet(table, None, Trial(NOW_MS, each_case_once=True).judge)


def _marked(data: bytes) -> bytes:
    table, found = _checked(data)
    made = marked(data, table.sheet, found.marking(table, ["what was found"], "en"))
    assert made.is_own
    return made.data


def _written(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


if __name__ == "__main__":
    sys.exit(main())
