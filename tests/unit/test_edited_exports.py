"""An exported case comes back as it was exported; a case of which anything was changed is refused."""

from __future__ import annotations

import json
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.deploy.exports.comeback import Rereader
from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.cells import reference
from mekong.producers.sheets.checking import check_sheet
from mekong.producers.sheets.seal import cells_of, rests
from mekong.producers.sheets.table import open_table
from mekong.schemas.batches import EDITION_HEADER
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.sheet_words import EXPORTED, WITHDRAWN
from mekong.sinks.exports import BY_NAME, EXPORTS, workbook
from mekong.sinks.exports.shape import Case, SheetExport
from tests.unit.exported import AGENCY, Exchange, exported, read_back

LINE = {"commodity_group": "fauna", "substance_or_taxon": "Manis javanica", "term_code": "SCA", "quantity": "12.4", "unit": "kg"}
TUSK = {"commodity_group": "fauna", "substance_or_taxon": "Loxodonta africana", "term_code": "IVP", "quantity": "3", "unit": "kg"}
SEIZURE = {
    "message_type": "seizure",
    "agency": AGENCY,
    "case_no": "1",
    "seized_at": "2026-05-03T13:20:00+07:00",
    "lat": "16.62",
    "lines": [{**LINE, "purity": "5"}, {**LINE, "term_code": "LIV", "quantity": "2", "unit": "animal", "cites_source": "W"}],
}


def exchange_with(*messages):
    found = Exchange()
    for message in messages:
        assert found.send(json.dumps(message).encode())["outcome"] == "accepted"
    return found


def edited(path, change):
    """Change cells of a workbook: row from 2, heading -> value."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for (row, heading), value in change.items():
        sheet.cell(row, columns[heading]).value = value
    out = BytesIO()
    book.save(out)
    path.write_bytes(out.getvalue())


def sheet_of(tmp_path, name, *messages):
    path = tmp_path / f"{name}.xlsx"
    exported(name, exchange_with(*messages).cases.values(), path)
    return path


def sheet_rows(path):
    head, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


CHANGED = "the row was changed after the export"
DRUG = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "0.2", "unit": "t", "purity": "7"}
MANY = {**SEIZURE, "lines": [LINE, TUSK, {**TUSK, "quantity": "4"}, DRUG], "handling": {"tlp": "TLP:GREEN", "handling_code": "H3"}}
SHEETS = [one for one in EXPORTS if isinstance(one, SheetExport)]
CELLS = [pytest.param(one.name, heading, id=f"{one.name}-{heading}") for one in SHEETS for heading in one.all_headings]


def refusals(path, agency=AGENCY):
    """The items of a sheet, none of which is sent."""
    items, _ = read_back(path, agency)
    assert items
    assert all(isinstance(item, Rejected) for item in items), items
    return items


def moved(path, change):
    """Change the rows below the headings, as lists of values."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    sheet.delete_rows(1, sheet.max_row)
    for row in (head, *change(head, rows)):
        sheet.append(row)
    book.save(path)


@pytest.mark.parametrize(("name", "heading"), CELLS)
@pytest.mark.parametrize("value", ["other", 987, None, WITHDRAWN])
def test_a_case_of_which_any_cell_was_changed_is_refused(tmp_path, name, heading, value):
    path = sheet_of(tmp_path, name, MANY)
    if sheet_rows(path)[0][heading] == value:
        return  # an empty cell
    edited(path, {(2, heading): value})
    items = refusals(path)
    assert all(CHANGED in item.detail for item in items if item.reason is not Reason.WRONG_AGENCY)


@pytest.mark.parametrize("name", [one.name for one in SHEETS])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _, rows: rows[1:], id="the first row is deleted"),
        pytest.param(lambda _, rows: rows[:-1], id="the last row is deleted"),
        pytest.param(lambda _, rows: [*rows, rows[0]], id="a row is copied"),
        pytest.param(lambda _, rows: [*rows, *rows], id="all rows are copied"),
        pytest.param(lambda _, rows: [[*row[: -len(EXPORTED)], *[None] * len(EXPORTED)] for row in rows], id="the grey cells are cleared"),
        pytest.param(lambda _, rows: [[*row[:-1], None] for row in rows], id="the last column is cleared"),
    ],
)
def test_a_case_of_which_a_row_was_changed_is_refused(tmp_path, name, change):
    path = sheet_of(tmp_path, name, MANY, {**MANY, "case_no": "2", "handling": {"tlp": "TLP:RED"}})
    moved(path, change)
    items, _ = read_back(path)
    refused = {item.case_no for item in items if isinstance(item, Rejected)}
    assert refused or len(items) == 1 == len(sheet_rows(path)), "a case is refused, or all of it was deleted"
    assert all(CHANGED in item.detail for item in items if isinstance(item, Rejected))
    for item in items:
        if isinstance(item, Parsed):  # the other case, as it was
            assert item.case_no not in refused
            assert json.loads(item.value)["handling"] == {"tlp": "TLP:RED", "handling_code": "H1", "release_to": []} or item.case_no == "1"


@pytest.mark.parametrize("name", [one.name for one in SHEETS])
def test_cases_whose_last_columns_were_swapped_are_refused(tmp_path, name):
    path = sheet_of(tmp_path, name, MANY, {**MANY, "case_no": "2", "handling": {"tlp": "TLP:RED"}})
    moved(path, lambda _, rows: [[*row[:-1], other[-1]] for row, other in zip(rows, reversed(rows), strict=True)])
    assert len(refusals(path)) == 2


@pytest.mark.parametrize("name", [one.name for one in SHEETS])
def test_rows_may_be_sorted(tmp_path, name):
    path = sheet_of(tmp_path, name, MANY)
    moved(path, lambda _, rows: rows[::-1])
    (item,), _ = read_back(path)
    assert json.loads(item.value)["handling"] == {"tlp": "TLP:GREEN", "handling_code": "H3", "release_to": []}


@pytest.mark.parametrize("heading", EXPORTED.values())
def test_a_sheet_that_lacks_a_column_or_has_it_twice_is_refused_as_one(tmp_path, heading):
    for change in ("", heading.upper()):
        path = sheet_of(tmp_path, "aitr", SEIZURE)
        moved_heading(path, heading, change)
        (item,) = refusals(path)
        assert "the sheet is an export that was changed" in item.detail
    path = sheet_of(tmp_path, "aitr", SEIZURE)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.cell(1, sheet.max_column + 1).value = heading
    book.save(path)
    (item,) = refusals(path)
    assert "each once" in item.detail


def moved_heading(path, heading, value):
    book = openpyxl.load_workbook(path)
    (cell,) = [cell for cell in book.worksheets[0][1] if cell.value == heading]
    cell.value = value
    book.save(path)


def test_an_ordinary_sheet_with_one_heading_like_ours_is_read_by_its_layout():
    head = "Species,Date of seizure,Quantity (+ unit),Location of incident,exchange: case_no\n"
    (item,) = sheet_format(None, AGENCY).parse([f"{head}Manis javanica,2026-05-03,1 kg,Haiphong,77\n".encode()])
    assert isinstance(item, Parsed)
    assert item.by_edition
    assert item.case_no.startswith("S-")


def forged(tmp_path, name, **content):
    """A sheet of one row whose seal is right, of a content that no exchange has exported."""
    path = sheet_of(tmp_path, name, {**SEIZURE, "lines": [LINE]})
    (row,) = sheet_rows(path)
    cells = cells_of((heading, "" if value is None else value) for heading, value in row.items())
    (rest,) = rests([cells], {**json.loads(row[EXPORTED["rest"]])["content"], **content})
    edited(path, {(2, EXPORTED["rest"]): rest})
    return path


@pytest.mark.parametrize(
    "content",
    [
        {"lines": []},
        {"lines": [[], [[]]]},
        {"value_amount": 10**25},
        {"value_amount": "1" * 26},
        {"seized_at": 7},
        {"agency": "LA-CUSTOMS"},
        {"case_no": "2"},
        {"message_type": "withdrawal"},
        {"message_type": "correction"},
        {"lat": [[[[]]]]},
    ],
)
def test_a_content_that_is_not_a_seizure_of_its_row_is_refused(tmp_path, content):
    (item,) = refusals(forged(tmp_path, "aitr", **content))
    assert CHANGED in item.detail


PERSONAL = "call 0912 345 678"


@pytest.mark.parametrize(
    "content",
    [
        {"method_note": PERSONAL},
        {"admin1": PERSONAL},
        {"lines": [{**LINE, "substance_or_taxon": PERSONAL}]},
        {"unmapped": [{"field": PERSONAL, "scheme": "a", "code": "b"}]},
        {"unmapped": [{"field": "a", "scheme": "b", "code": PERSONAL}]},
        {"attachments": [{"sha256": "a" * 64, "uri": "https://files.example/nguyen@mail.example"}]},
    ],
)
def test_the_content_cannot_bring_personal_data(tmp_path, content):
    (item,) = refusals(forged(tmp_path, "aitr", **content))
    assert "seems to have " in item.detail
    exchange = exchange_with({**SEIZURE, **content})
    (found,) = exported("aitr", exchange.cases.values(), tmp_path / "out.xlsx")
    assert "seems to have " in found.fault
    assert {row[EXPORTED["rest"]] for row in sheet_rows(tmp_path / "out.xlsx")} == {None}
    refusals(tmp_path / "out.xlsx")


@pytest.mark.parametrize(
    "rest", ["too long", "[]", "{", "[" * 5_000, '{"row":[1,1],"seal":1}', '{"row":[true,1],"seal":""}', '{"row":1,"seal":""}']
)
def test_a_last_column_that_no_export_writes_is_refused(tmp_path, rest):
    path = sheet_of(tmp_path, "aitr", {**SEIZURE, "lines": [LINE]})
    edited(path, {(2, EXPORTED["rest"]): rest})
    (item,) = refusals(path)
    assert CHANGED in item.detail


def test_cases_of_another_agency_are_refused(tmp_path):
    path = sheet_of(tmp_path, "aitr", SEIZURE)
    (item,) = refusals(path, "LA-CUSTOMS")
    assert "is the case of another agency" in item.detail
    (item,), _ = read_back(path, None)
    assert item.agency == AGENCY


def test_the_row_of_a_withdrawn_case_is_not_sent_and_is_not_missing(tmp_path):
    gone, path = Case(AGENCY, "2", 2, WITHDRAWN, {}, {}), tmp_path / "out.xlsx"
    rereader, export = Rereader(BY_NAME["ids"]), BY_NAME["ids"]
    workbook.write(path, "ids", export.all_headings, [rereader.withdrawn(gone)], export.dates)
    format_ = sheet_format(None, AGENCY)
    assert list(format_.parse([path.read_bytes()])) == []
    assert "rows of an export whose case is withdrawn, not sent: 1" in format_.notes()
    assert format_.passed().numbers == {"2"}
    edited(path, {(2, EXPORTED["status"]): "current"})
    refusals(path)


def test_an_old_export_undoes_no_stricter_marking(tmp_path):
    path, exchange = tmp_path / "old.xlsx", exchange_with({**MANY, "handling": {"tlp": "TLP:GREEN"}})
    exported("aitr", exchange.cases.values(), path)
    stricter = {**MANY, "handling": {"tlp": "TLP:RED"}}
    edition = ((EDITION_HEADER, b"2026-11-01T08:00:00Z"),)
    assert exchange.send(json.dumps(stricter).encode(), edition)["outcome"] == "corrected"
    (item,), _ = read_back(path)
    assert not item.by_edition
    assert exchange.send(item.value)["outcome"] == "stale"
    later = ((EDITION_HEADER, b"2026-11-02T08:00:00Z"),)
    assert exchange.send(item.value, later)["outcome"] == "corrected", "this is what the edition of a sheet would do"


@pytest.mark.parametrize("goods", ["Total", "TOTAL", "Prepared by: A"])
def test_words_of_a_total_or_a_footer_are_goods_in_an_export(tmp_path, goods):
    message = {**SEIZURE, "case_no": "TOTAL", "lines": [{**LINE, "substance_or_taxon": goods}]}
    (item,), _ = read_back(sheet_of(tmp_path, "aitr", message))
    assert json.loads(item.value)["lines"][0]["substance_or_taxon"] == goods


@pytest.mark.parametrize("sign", ["\ufffe", "\uffff", "\u2028", "\x85", "\u202e"])
def test_signs_that_no_cell_can_have_are_escaped_and_such_a_number_is_named(tmp_path, sign):
    path, exchange = tmp_path / "out.xlsx", exchange_with({**SEIZURE, "admin1": f"a{sign}b"})
    (found,) = exported("simple", exchange.cases.values(), path)
    assert found.fault == ""
    assert all(row[EXPORTED["rest"]].isascii() for row in sheet_rows(path))
    (item,), _ = read_back(path)
    assert exchange.send(item.value)["outcome"] == "duplicate"
    case = next(iter(exchange.cases.values()))
    numbered = case._replace(case_no=f"a{sign}b", content={**case.content, "case_no": f"a{sign}b"})
    (found,) = exported("simple", [numbered], path)
    assert found.fault == "its number has signs that cannot be in a cell"
    refusals(path)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(str.strip)
QUANTITIES = st.decimals("0.000001", 10**12, places=6).map(str)


@settings(max_examples=60)
@given(
    admin1=TEXTS,
    goods=TEXTS,
    quantity=QUANTITIES,
    kind=st.sampled_from(["exact", "estimated"]),
    name=st.sampled_from(["aitr", "ids", "etis", "simple"]),
)
def test_any_case_comes_back_the_same_or_is_named(tmp_path_factory, admin1, goods, quantity, kind, name):
    lines = [
        {"commodity_group": group, "substance_or_taxon": goods, "quantity": quantity, "unit": "g", "quantity_kind": kind}
        for group in ("fauna", "drug")
    ]
    exchange = Exchange()
    message = {**SEIZURE, "admin1": admin1, "lines": [*lines, {**TUSK, "quantity": quantity}]}
    if exchange.send(json.dumps(message).encode())["outcome"] != "accepted":
        return  # a text that the exchange refuses
    path = tmp_path_factory.mktemp("any") / "out.xlsx"
    (found,) = exported(name, exchange.cases.values(), path)
    (item,), _ = read_back(path)
    if found.fault:
        assert isinstance(item, Rejected)
    else:
        assert exchange.send(item.value)["outcome"] == "duplicate"


def test_a_case_without_what_the_exchange_adds_is_written_too(tmp_path):
    case = Case(AGENCY, "1", 1, "current", {**SEIZURE, "handling": {}}, {})
    assert exported("aitr", [case], tmp_path / "out.xlsx")[0].fault == ""


def test_a_case_that_is_too_long_for_a_cell_is_named_and_refused(tmp_path):
    tusks = [{**TUSK, "quantity": str(number), "purity": "5"} for number in range(1, 401)]
    exchange, path = exchange_with({**SEIZURE, "lines": tusks}), tmp_path / "out.xlsx"
    (found,) = exported("etis", exchange.cases.values(), path)
    assert found.fault == "it has more than a cell of a spreadsheet holds"
    assert sheet_rows(path)[0]["Raw Iv Wt (kg)"] == 80_200
    (item,) = refusals(path)
    assert CHANGED in item.detail


def test_a_text_that_programs_read_as_another_one_is_named(tmp_path):
    (found,) = exported("simple", exchange_with({**SEIZURE, "admin1": "a_x0041_b"}).cases.values(), tmp_path / "out.xlsx")
    assert "has the form _x0041_" in found.fault


def test_check_marks_the_cell_of_each_row(tmp_path):
    path = sheet_of(tmp_path, "aitr", SEIZURE)
    edited(path, {(2, EXPORTED["rest"]): "{"})
    table = open_table(path.read_bytes())
    findings = check_sheet(table, AGENCY, lambda *_: ()).findings
    cell = next(at for at, name in table.headings.names.items() if name == EXPORTED["rest"])
    assert [(one.row, one.cell, one.heading) for one in findings] == [(row, reference(row, cell), EXPORTED["rest"]) for row in (2, 3)]
