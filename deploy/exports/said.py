"""What an export says: to the person who runs it, and in the file beside the sheet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mekong.deploy.exports.run import MOST_NAMED, Written
from mekong.schemas.sheet_words import EXPORTED
from mekong.schemas.tables.journal import JOURNAL
from mekong.schemas.tables.shape import Column
from mekong.sinks.exports.query import Question
from mekong.sinks.exports.shape import SheetExport, TableExport

_COMMENTS = {column.name: column.comment for column in JOURNAL.columns if isinstance(column, Column)}
_OTHERS = {
    "country": "Country that the agency did not give: the official column has the agency's own",
    "method_note": "How it was done",
    "lines": "Lines that have no row or no cell of their own",
    "route": "Countries of the route: their order, whether confirmed, place codes, and roles without a column",
    "handling": "Marking, handling code, agencies it may be released to, and grades",
    "suspects": "Number and nationalities of the suspects",
    "attachments": "Hash and place of files kept elsewhere",
    "seized_at": "Time of day, or a date that the format does not write",
}


def after(file: Path, beside: Path, one: SheetExport | TableExport, asked: Question, written: Written) -> Iterator[str]:
    """The lines on standard error."""
    rows = f" in {_count(written.rows, 'row')}" if written.rows else ""
    gone = f", of which {written.withdrawn:,} withdrawn" if written.withdrawn else ""
    yield f"{file}: {_count(written.cases, 'case')}{rows}{gone}"
    yield from left_out(asked, written)
    if written.not_carried:
        names = ", ".join(f"{name} ({cases:,})" for name, cases in written.not_carried.most_common())
        yield f"not carried by the official columns of {one.name} (cases): {names}"
    if written.cannot and not written.official_only:
        yield f"cannot come back by this sheet: {_count(written.cannot, 'case')}"
    yield f"the list is in {beside}"


def left_out(asked: Question, written: Written) -> Iterator[str]:
    """Why cases that match are not in the file: numbers only."""
    account = written.account
    if account.above:
        yield f"not in the file: {_count(account.above, 'case')} with a marking above {asked.level}"
    if account.need_leave:
        cases = _count(account.need_leave, "case")
        yield f"not in the file: {cases} without the leave of the sender (handling code H2 or H3): ask, then --with-leave"
    if account.made_up:
        yield f"not in the file: {_count(account.made_up, 'case')} made up for an exercise"
    if written.other_goods:
        yield f"not in the file: {_count(written.other_goods, 'case')} without goods of this format"


def not_carried(one: SheetExport | TableExport, asked: Question, written: Written) -> Iterator[str]:
    """The lines of the file beside the sheet."""
    yield f"Export {one.name}: {_count(written.cases, 'case')}. {one.purpose}"
    yield from left_out(asked, written)
    yield ""
    if isinstance(one, TableExport):
        yield "All columns of the view seizures are in the file. The hashes and places of attachments are not."
        return
    if not written.not_carried:
        yield "The official columns carry all fields of all cases."
    else:
        yield "These fields are not in the official columns, or not as the agency gave them, or the layout does not read them there:"
    for name, cases in written.not_carried.most_common():
        yield f"  {name:24} {_count(cases, 'case'):>14}   {_meaning(name)}".rstrip()
    if written.official_only:
        return
    if written.not_carried:
        yield f"The column {EXPORTED['rest']!r} has them."
    if written.cannot:
        yield ""
        yield f"These cases cannot come back by this sheet ({written.cannot:,}):"
        yield from (f"  {one.agency} {one.case_no}: {one.why}" for one in written.named)
        if written.cannot > MOST_NAMED:
            yield f"  and {written.cannot - MOST_NAMED:,} more"


def _meaning(name: str) -> str:
    return _OTHERS.get(name) or _COMMENTS.get(name, "").removeprefix("Lines: ").partition(";")[0]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
