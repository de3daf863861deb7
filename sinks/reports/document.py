"""Writes a briefing as a Word document, to paste from: the summary and the tables. The same briefing gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from mekong.sinks.exports.workbook import MADE, safe
from mekong.sinks.reports.briefing import Briefing, ShownTable

_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip file can have."""
_MANY = 7
"""From this many columns on the letters are smaller."""


def write(path: Path, briefing: Briefing) -> None:
    """Write the document."""
    document = Document()
    _set_up(document, briefing)
    document.add_heading(safe(briefing.title), 0)
    for line in (briefing.cut_off, *briefing.notes):
        document.add_paragraph(safe(line))
    document.add_heading(safe(briefing.words.texts["summary"]), 1)
    for sentence in briefing.sentences:
        document.add_paragraph(safe(f"{sentence.text} [{briefing.source(sentence)}]"), style="List Number")
    document.add_heading(safe(briefing.words.texts["tables"]), 1)
    for table in briefing.shown:
        _table(document, table)
    _save(document, path)


def _set_up(document: Any, briefing: Briefing) -> None:
    core = document.core_properties
    core.title, core.author, core.last_modified_by, core.comments = safe(briefing.title), "", "", ""
    core.created = core.modified = MADE
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(16)
    section.footer.paragraphs[0].text = safe(briefing.line)
    section.footer.paragraphs[0].runs[0].font.size = Pt(8)
    document.styles["Normal"].font.size = Pt(10)


def _table(document: Any, table: ShownTable) -> None:
    document.add_heading(safe(table.title), 2)
    document.add_paragraph(safe(table.question))
    columns, size = table.table.columns, Pt(6.5 if len(table.table.columns) > _MANY else 8.5)
    made = document.add_table(rows=1, cols=len(columns), style="Light Grid")
    _repeated(made.rows[0])
    rows = [table.headings, *map(table.cells, table.first_rows)]
    for at, cells in enumerate(rows):
        row = made.rows[0] if at == 0 else made.add_row()
        for column, cell, text in zip(columns, row.cells, cells, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(safe(text)).font.size = size
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if column.is_number else WD_ALIGN_PARAGRAPH.LEFT
    note = document.add_paragraph()
    note.add_run(safe(f"{table.words.texts['rule']} {table.rule} {table.more}".rstrip())).font.size = Pt(8)


def _repeated(row: Any) -> None:
    """The headings are on each page that the table reaches."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)  # noqa: SLF001 - python-docx has no other way


def _save(document: Any, path: Path) -> None:
    """Save with the same bytes each time: python-docx writes the time of day into the zip file."""
    made = io.BytesIO()
    document.save(made)
    with ZipFile(made) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name, _FIRST_DATE), source.read(name), ZIP_DEFLATED)
