"""CSV to rows: separators, headers, and rows that are none."""

from __future__ import annotations

import pytest

from mekong.producers.table import Row, rows
from mekong.schemas.rejected import Reason, Rejected

COLUMNS = ("name", "count")


def read(content: bytes) -> list[Row | Rejected]:
    return list(rows([content], COLUMNS))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"name,count\nfrog,3\n", id="commas"),
        pytest.param(b"name;count\nfrog;3\n", id="semicolons"),
        pytest.param(b"name\tcount\nfrog\t3\n", id="tabs"),
        pytest.param(b"\xef\xbb\xbfname,count\r\nfrog,3\r\n", id="byte-order mark and windows line ends"),
        pytest.param(b"count,other,name\n3,x,frog\n", id="another order and one column more"),
        pytest.param(b' name , count \n"frog",3\n', id="quotes, and spaces in the header"),
        pytest.param(b"\n\nname,count\n\nfrog,3", id="blank lines, and no end to the last line"),
    ],
)
def test_the_columns_are_found(content):
    assert [row.values for row in read(content)] == [("frog", "3")]


def test_a_quoted_separator_is_part_of_the_value():
    assert [row.values for row in read(b'name,count\n"frog, green",3\n')] == [("frog, green", "3")]


def test_a_wrong_header_names_every_column_that_is_missing():
    (found,) = read(b"title,number\nfrog,3\n")
    assert (found.reason, found.field, found.where) == (Reason.MISSING_COLUMN, "name, count", "line 1")
    assert "'title', 'number'" in found.detail


def test_only_the_missing_column_is_named():
    (found,) = read(b"name;number\nfrog;3\n")
    assert found.field == "count"


def test_a_column_named_twice_is_refused():
    (found,) = read(b"name,count,name\na,1,b\n")
    assert "twice" in found.detail


def test_a_truncated_last_line_is_named_as_such():
    row, cut = read(b"name,count\nfrog,3\nto")
    assert row.values == ("frog", "3")
    assert (cut.reason, cut.where) == (Reason.BAD_ROW, "line 3")
    assert "1 columns, the header 2" in cut.detail
    assert "cut off" in cut.detail


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"frog,3,4", Reason.BAD_ROW, id="a column too many"),
        pytest.param(b'"frog,3', Reason.BAD_ROW, id="a quote that is never closed"),
        pytest.param(b"fr\0og,3", Reason.BAD_ROW, id="a NUL byte"),
        pytest.param(b"fr\xffog,3", Reason.INVALID_UTF8, id="no UTF-8"),
    ],
)
def test_a_bad_row_costs_only_itself(line, reason):
    bad, good = read(b"name,count\n" + line + b"\ntoad,1\n")
    assert (bad.reason, bad.where) == (reason, "line 2")
    assert good.values == ("toad", "1")


def test_a_file_of_blank_lines_has_no_header():
    (found,) = read(b"\n\n")
    assert "no header" in found.detail


def test_a_header_alone_is_an_empty_table():
    assert read(b"name,count\n") == []
