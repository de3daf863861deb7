"""What ``mekong sql`` and the lists show of rows, on a terminal and in a pipe."""

from __future__ import annotations

import csv
import io
import json

import pytest
import rich.console
from click.testing import CliRunner

from mekong.deploy.cli import tables
from mekong.deploy.cli.ask import sql
from mekong.sinks.clickhouse.client import Database

LONG = "x" * 300


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns."""
    monkeypatch.setattr(tables, "Console", lambda: rich.console.Console(force_terminal=True, color_system=None, width=80))


def test_rows_that_fit_are_a_table(terminal, capsys):
    tables.show_rows(["case_no", "kg"], [["c1", "0.5"], ["c2", "1"]])
    assert [line.split() for line in capsys.readouterr().out.splitlines() if "c" in line] == [["case_no", "kg"], ["c1", "0.5"], ["c2", "1"]]


def test_rows_wider_than_the_terminal_have_a_line_for_each_field(terminal, capsys):
    tables.show_rows(["case_no", "note"], [["c1", "a" * 90], ["c2", ""]])
    assert capsys.readouterr().out.splitlines() == [
        "row 1 of 2",
        "  case_no: c1",
        f"  note:    {'a' * 90}",
        "",
        "row 2 of 2",
        "  case_no: c2",
        "  note:",
        "",
    ]


@pytest.mark.parametrize("print_them", [tables.show, tables.show_rows])
def test_no_value_is_cut_in_a_pipe(capsys, print_them):
    print_them(["case_no", "note", "why"], [["c1", LONG, "because"]])
    assert LONG in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param("table", '{"1":1}\n', id="an object a line"),
        pytest.param("json", '["1"]\n', id="a list a line"),
        *[(form, answer) for form in ("table", "json", "csv") for answer in ('"1"\n', '{\n"meta": []\n}\n', "1,2\n", "\x00")],
    ],
)
def test_an_answer_in_another_format_is_refused_with_what_to_write(monkeypatch, form, answer):
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "http://127.0.0.1:1/x")
    monkeypatch.setattr(Database, "text", lambda *_: answer.encode())
    done = CliRunner().invoke(sql, ["SELECT 1", "--format", form])
    assert done.exit_code == 2
    assert "--format" in done.output


ROWS = [
    ["case_no", "=kg", "mass", "balance", "phases"],
    ["String", "LowCardinality(String)", "Nullable(Decimal(18, 4))", "Int64", "Array(String)"],
    ["=HYPERLINK(1)", "+1-2", "-12.5", "-7", "['=1']"],
    ["\t@SUM(1)", "-5", "ᴺᵁᴸᴸ", "0", "[]"],
    ["a\x9b2J\u202eb\r\nc", 'said "yes", once', "1", "2", "\uff1d1"],
    ["-", "C-1", "1", "2", ""],
]
LINES = [
    '"case_no","\'=kg","mass","balance","phases"',
    '"\'=HYPERLINK(1)","\'+1-2",-12.5,-7,"[\'=1\']"',
    r'"\t@SUM(1)","-5",\N,0,"[]"',
    r'"a\x9b2J\u202eb\r\nc","said ""yes"", once",1,2,' + '"\'\uff1d1"',
    '"\'-","C-1",1,2,""',
]


def test_a_spreadsheet_runs_nothing_of_what_members_wrote_and_numbers_stay_numbers(monkeypatch):
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "http://127.0.0.1:1/x")
    answer = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    monkeypatch.setattr(Database, "text", lambda *_: answer)
    assert CliRunner().invoke(sql, ["SELECT 1", "--format", "csv"]).output.splitlines() == LINES
    read = list(csv.reader(io.StringIO("\n".join(LINES))))
    assert not [cell for row in read for cell in row if cell.lstrip()[:1] in {"=", "@", "+"} or (cell[:1] == "-" and not cell[1:])]


def test_json_of_what_members_wrote_steers_no_terminal_and_means_the_same(monkeypatch):
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "http://127.0.0.1:1/x")
    row = {"case_no": "a\x1b\x9b2J\u202eb\u2028 Lào 缅甸"}
    monkeypatch.setattr(Database, "text", lambda *_: json.dumps(row).encode())
    shown = CliRunner().invoke(sql, ["SELECT 1", "--format", "json"]).output
    assert json.loads(shown) == [row]
    assert not set(shown) & set("\x1b\x9b\u202e\u2028")
    assert "Lào 缅甸" in shown
