"""What ``mekong sql`` and the lists show of rows, on a terminal and in a pipe."""

from __future__ import annotations

import pytest
import rich.console
from click.testing import CliRunner

from deploy.cli import tables
from deploy.cli.ask import sql
from sinks.clickhouse.client import Database

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
        *[(form, answer) for form in ("table", "json") for answer in ('"1"\n', '{\n"meta": []\n}\n', "1,2\n", "\x00")],
    ],
)
def test_an_answer_in_another_format_is_refused_with_what_to_write(monkeypatch, form, answer):
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "http://127.0.0.1:1/x")
    monkeypatch.setattr(Database, "text", lambda *_: answer.encode())
    done = CliRunner().invoke(sql, ["SELECT 1", "--format", form])
    assert done.exit_code == 2
    assert "--format" in done.output
