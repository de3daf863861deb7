"""Opens a sheet for `check` and `send`, and writes it with its marks."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from mekong.deploy.cli.format_options import Which
from mekong.deploy.cli.terminal import harmless

if TYPE_CHECKING:
    from mekong.producers.ledger import Summary
    from mekong.producers.sheets.judged import Checked
    from mekong.producers.sheets.table import Table
    from mekong.schemas.languages import Language

_ENDING = "-checked"


class Opened(NamedTuple):
    """A sheet as it was read, and what its template says of it."""

    file: Path
    data: bytes
    table: Table
    agency: str | None
    language: Language

    def write(self, found: Checked, summary: list[str], out: Path | None = None) -> str:
        """Write the sheet with its marks. Returns a sentence that says where: without ``out``, next to the file under a new name."""
        from mekong.producers.sheets.marked import marked

        made = marked(self.data, self.table.sheet, found.marking(self.table, summary, self.language))
        place = out or _free_name(self.file)
        place.write_bytes(made.data)
        return f"{'your sheet with the marks' if made.is_own else 'a new sheet with the rows to look at'}: {place}"


def opened(file: Path, which: Which, agency: str | None, out: Path | None, language: Language | None) -> Opened:
    """Read a sheet that will be written to ``out``. Raises Unreadable with what to do, and UsageError for what has no cells.

    ``language``: of its marks; without one that of the template, or English.
    """
    from mekong.producers.sheets.cases import Cases
    from mekong.producers.sheets.layout import layout_named
    from mekong.producers.sheets.table import open_table

    if which.of(file, agency).name != "sheet" or not file.is_file():
        raise click.UsageError("--marked is for a sheet in a file")
    if out is not None and out.resolve() == file.resolve():
        raise click.UsageError("--marked would overwrite the sheet: give another name")
    data = file.read_bytes()
    table = open_table(data, layout_named(which.layout) if which.layout else None, which.encoding)
    Cases(table, agency)  # it refuses the template of another agency
    return Opened(file, data, table, agency, table.language(language))


class Marks:
    """The receipts of a sheet that is being sent, and where it is written with them; without a sheet, nothing."""

    def __init__(self, file: Path, which: Which, agency: str | None, out: Path | None, language: Language | None = None) -> None:
        """Raises Refused when the sheet cannot be read."""
        from mekong.producers.sheets.answered import Answers
        from mekong.producers.sheets.refused import Unreadable
        from mekong.schemas.errors import Refused

        self._out, self._answers = out, Answers()
        try:
            self._sheet = opened(file, which, agency, out, language) if out else None
        except Unreadable as exc:
            raise Refused(f"{file}: nothing of it can be sent: {exc.detail}") from exc
        self.received = self._answers.received if out else lambda *_: None

    def write(self, summary: Summary) -> Summary:
        """Write the sheet with the receipts next to its rows. Whatever fails, the sending is done; a note of its account says it."""
        try:
            if self._sheet is not None:
                self._write(self._sheet, summary)
        except Exception as exc:  # noqa: BLE001 - the words of the sheet are not shown: only an operating system's are
            why = exc.strerror if isinstance(exc, OSError) else type(exc).__name__
            summary.notes.append(
                f"the file was sent, but its marked sheet could not be written ({why}): see the account, or `mekong check`"
            )
        return summary

    def _write(self, sheet: Opened, summary: Summary) -> None:
        from mekong.producers.sheets.summary import account

        for refusal in summary.refusals:
            self._answers.refused(refusal)
        found = self._answers.on(sheet.table, sheet.agency)
        lines = account(self._answers.receipts, found.counts, found.findings, summary.notes, sheet.language)
        click.echo(harmless(sheet.write(found, lines, self._out)), err=True)


def _free_name(file: Path) -> Path:
    """The first name for a marked sheet that no file has: a person may be correcting an earlier one."""
    stem = file.stem.partition(_ENDING)[0] + _ENDING
    names = (file.with_name(f"{stem}{f'-{number}' if number else ''}.xlsx") for number in count())
    return next(name for name in names if not name.exists())
