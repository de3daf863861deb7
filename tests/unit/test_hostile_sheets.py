"""A file that was made to hang or to fill the reader is read in time, or refused with what to do."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from mekong.producers.sheets import archive, blocks, book
from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.refused import Unreadable
from tests.unit.old_workbooks import ods
from tests.unit.test_sheet_reader import ROWS, an_archive, xlsx

PIECES = (b"<row ", b'<row r="1" ', b'<c r="A1"', b"<mergeCell ", b'<mergeCell ref="A1', b"<sheetData", b'<row r="1" hidden="')


def cost(piece: bytes, length: int) -> float:
    """The CPU seconds of looking at a part of that length, at best."""
    seen = b'hidden= t="e" mergeCell ' + piece * (length // len(piece))

    def once() -> float:
        begun = time.process_time()
        archive._Found().look("xl/worksheets/sheet1.xml", seen, len(seen))
        for expression in (blocks._BEGIN, blocks._ROW):
            expression.search(seen)
        return time.process_time() - begun

    return min(once() for _ in range(5))


@pytest.mark.parametrize("piece", PIECES)
def test_tags_without_an_end_cost_no_more_than_their_length(piece):
    assert cost(piece, 80_000) < 32 * cost(piece, 10_000), "64 times as much is the square of the length"


FAR = '<row r="1048000"><c r="XFD1048000"><v>1</v></c></row>'


def with_rows(rows: str, path: str = "xl/worksheets/sheet1.xml", **more: bytes) -> bytes:
    """A workbook whose worksheet, at that path, has these rows at its end."""
    data, was = io.BytesIO(), zipfile.ZipFile(io.BytesIO(xlsx(ROWS)))
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name in was.namelist():
            part = was.read(name).replace(b"</sheetData>", rows.encode() + b"</sheetData>")
            part = part.replace(b"worksheets/sheet1.xml", path.removeprefix("xl/").encode())
            made.writestr(path if name == "xl/worksheets/sheet1.xml" else name, part)
        for name, part in more.items():
            made.writestr(name.replace("__", "/"), part)
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_rows(FAR.replace('"', "'")), id="quotes of the other kind"),
        pytest.param(with_rows(FAR.replace('="', ' = "')), id="spaces"),
        pytest.param(with_rows(FAR.replace("XFD", "xfd")), id="small letters"),
        pytest.param(with_rows(FAR, "xl/worksheets/sheet1.data"), id="another ending"),
        pytest.param(with_rows(FAR, "xl/externalLinks/sheet1.xml"), id="among the links"),
        pytest.param(
            with_rows('<row x=">" r="1048000"><c><v>1</v></c></row><row r="1048001"><c r="XFD1048001"/></row>'), id="a quoted sign"
        ),
    ],
)
def test_a_cell_far_from_its_table_is_found_however_it_is_written(data):
    with pytest.raises(Unreadable, match="far from its table"):
        sheets_of(data)


def test_cells_in_another_place_and_binary_workbooks_are_refused():
    with pytest.raises(Unreadable, match="in a place where"):
        sheets_of(with_rows("", "xl/sheets/sheet1.xml"))
    with pytest.raises(Unreadable, match=r"\(.xlsb\): save it as .xlsx"):
        sheets_of(with_rows("", **{"xl__workbook.bin": b"x"}))
    with pytest.raises(Unreadable, match="a part twice"):
        sheets_of(with_rows("", **{"XL__worksheets__Sheet1.xml": b"x"}))


MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"


def ods_with(rows: str) -> bytes:
    was = zipfile.ZipFile(io.BytesIO(ods(ROWS))).read("content.xml")
    return an_archive(
        **{
            "mimetype": MIMETYPE,
            "META-INF__manifest.xml": b"<manifest/>",
            "content.xml": was.replace(b"</table:table>", rows.encode() + b"</table:table>"),
        }
    )


WIDE = '<table:table-row{}><table:table-cell{}/><table:table-cell office:value-type="float" office:value="1"/></table:table-row>'
ROWS_REPEATED, COLUMNS_REPEATED = ' table:number-rows-repeated="{}"', ' table:number-columns-repeated="{}"'


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(WIDE.format(ROWS_REPEATED.format(999), COLUMNS_REPEATED.format(900_000)), id="rows by columns"),
        pytest.param(WIDE.format("", COLUMNS_REPEATED.format(999)) + WIDE.format(ROWS_REPEATED.format(999), "") * 40, id="many small ones"),
        pytest.param(
            f"<table:table-row{ROWS_REPEATED.format(1_000_000)}><table:table-cell/></table:table-row>"
            + WIDE.format("", COLUMNS_REPEATED.format(100)),
            id="empty rows before",
        ),
        pytest.param(WIDE.format(ROWS_REPEATED.format(999), ' x=">"' + COLUMNS_REPEATED.format(900_000)), id="a quoted sign"),
    ],
)
def test_what_a_spreadsheet_of_libreoffice_repeats_is_multiplied(rows, monkeypatch):
    monkeypatch.setattr(archive, "_CHUNK", 700)
    with pytest.raises(Unreadable, match="repeats a value"):
        sheets_of(ods_with(rows))


def test_what_it_repeats_behind_the_table_is_not_counted():
    empty = f"<table:table-row{ROWS_REPEATED.format(1_048_000)}><table:table-cell{COLUMNS_REPEATED.format(16_384)}/></table:table-row>"
    assert len(list(sheets_of(ods_with(empty))[0].rows())) == len(ROWS)


def test_a_long_worksheet_with_quotes_of_the_other_kind_keeps_its_rows(monkeypatch):
    data = with_rows("<row r='9'><c r='A9'><v>1</v></c></row>")
    monkeypatch.setattr(book, "LONG_BYTES", 0)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    last = list(sheets_of(data)[0].rows())[-1]
    assert (last.number, last.values[0]) == (9, 1.0)


def test_the_list_of_sheets_may_have_quotes_of_the_other_kind_and_has_an_end(monkeypatch):
    cell = '<row r="9"><c r="A9" t="e"><v>#DIV/0!</v></c></row>'
    data, was = io.BytesIO(), zipfile.ZipFile(io.BytesIO(with_rows(cell)))
    with zipfile.ZipFile(data, "w") as made:
        for name in was.namelist():
            part = was.read(name)
            made.writestr(name, part.replace(b'"', b"'") if name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels") else part)
    assert sheets_of(data.getvalue())[0].errors == {"A9"}
    monkeypatch.setattr(archive, "_MOST_OF_LISTS", 500)
    with pytest.raises(Unreadable, match="is damaged"):
        sheets_of(data.getvalue())
