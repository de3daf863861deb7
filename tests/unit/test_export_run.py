"""An export writes all of its file or nothing, and counts what is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from xlsxwriter.exceptions import FileCreateError

from mekong.deploy.cli import mekong
from mekong.deploy.exports.run import complete, export
from mekong.deploy.exports.said import after, not_carried
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.sheet_words import EXPORTED
from mekong.sinks.exports import BY_NAME
from mekong.sinks.exports.position import Positions, is_behind
from mekong.sinks.exports.query import Question
from tests.unit.exported import AGENCY, Exchange
from tests.unit.test_edited_exports import SEIZURE, sheet_rows

ASKED = Question("(true)", Positions((0,) * 8), "TLP:GREEN")
COUNTS = {"matching": 4, "leaving": 2, "above": 1, "need_leave": 1, "made_up": 0}
HEAD = [["agency", "case_no", "lines_quantity"], ["String", "String", "Nullable(Decimal(38, 12))"]]


class Answers:
    """A ClickHouse that answers with these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def text(self, sql, form):
        return json.dumps([str(number) for number in COUNTS.values()]).encode()

    def stream(self, sql, form):
        return iter(self._pieces)


def records(*case_numbers):
    found = []
    for number in case_numbers:
        exchange = Exchange()
        entry = exchange.entry(json.dumps({**SEIZURE, "case_no": number}).encode()).decode()
        found.append(json.dumps([AGENCY, number, 1, "current", entry]).encode() + b"\n")
    return b"".join(found)


def table(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in (*HEAD, *rows))


def test_a_long_answer_may_come_in_any_pieces(tmp_path):
    whole, path = records("1", "2"), tmp_path / "out.xlsx"
    pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]
    written = export(Answers(*pieces), BY_NAME["aitr"], ASKED, path)
    assert (written.cases, written.rows, written.not_carried["lat"]) == (2, 4, 2)
    assert [row[EXPORTED["case_no"]] for row in sheet_rows(path)] == ["1", "1", "2", "2"]
    said = list(after(path, path, BY_NAME["aitr"], ASKED, written))
    assert said[:3] == [
        f"{path}: 2 cases in 4 rows",
        "not in the file: 1 case with a marking above TLP:GREEN",
        "not in the file: 1 case without the leave of the sender (handling code H2 or H3): ask, then --with-leave",
    ]
    assert "  lat                             2 cases   Latitude, degrees north" in not_carried(BY_NAME["aitr"], ASKED, written)


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param("aitr", records("1"), id="a sheet that lacks a case"),
        pytest.param("aitr", records("1", "2")[:-9], id="a sheet that ends in a record"),
        pytest.param("aitr", records("1") + b"Code: 241. DB::Exception: memory\n", id="an error in place of a record"),
        pytest.param("csv", table(["a", "1", "2"]), id="a table that lacks a case"),
        pytest.param("csv", table(["a", "1", "2"], ["b", "2", "3"])[:-4], id="a table that ends in a row"),
        pytest.param("parquet", b"PAR1 and more", id="Parquet without its end"),
        pytest.param("parquet", b"", id="nothing"),
    ],
)
def test_an_answer_that_ends_too_early_leaves_the_file_as_it_was(tmp_path, form, answer):
    path = tmp_path / "out"
    path.write_bytes(b"the copy of last month")
    with pytest.raises(Retriable, match="ended too early; nothing was written"):
        export(Answers(answer), BY_NAME[form], ASKED, path)
    assert path.read_bytes() == b"the copy of last month"
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_for_a_spreadsheet_has_its_mark_and_no_formula(tmp_path):
    path = tmp_path / "out.csv"
    written = export(Answers(table(["a", "=1+1", "2.5"], ["a", "=1+1", "ᴺᵁᴸᴸ"], ["b", "-", "1"])), BY_NAME["csv"], ASKED, path)
    assert path.read_bytes().decode("utf-8") == (
        '\ufeff"agency","case_no","lines_quantity"\r\n"a","\'=1+1",2.5\r\n"a","\'=1+1",\r\n"b","\'-",1\r\n'
    )
    assert (written.cases, written.rows) == (2, 3)


def test_cases_that_cannot_come_back_are_counted_and_the_first_are_named(tmp_path):
    exchange = Exchange()
    bad = {**SEIZURE, "method_note": "call 0912 345 678"}
    lines = [
        json.dumps([AGENCY, str(number), 1, "current", exchange.entry(json.dumps({**bad, "case_no": str(number)}).encode()).decode()])
        for number in range(25)
    ]
    COUNTS["leaving"] = 25
    try:
        written = export(Answers("\n".join(lines).encode()), BY_NAME["aitr"], ASKED, tmp_path / "out.xlsx")
    finally:
        COUNTS["leaving"] = 2
    said = list(not_carried(BY_NAME["aitr"], ASKED, written))
    assert "These cases cannot come back by this sheet (25):" in said
    assert said[-1] == "  and 5 more"
    assert "seems to have a telephone number" in said[-2]


def test_a_file_is_for_its_user_alone_and_another_partial_file_stays(tmp_path):
    path, other = tmp_path / "out.xlsx", tmp_path / "out.xlsx.partial"
    other.write_text("of somebody else")
    export(Answers(records("1", "2")), BY_NAME["aitr"], ASKED, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert other.read_text() == "of somebody else"
    assert sorted(tmp_path.iterdir()) == [path, other]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), FileCreateError("no space")])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, failure):
    path = tmp_path / "out.csv"
    with pytest.raises(Refused, match=r"out\.csv cannot be written: .*[Nn]o space"), complete(path):
        raise failure
    assert list(tmp_path.iterdir()) == []


def test_positions_of_another_exchange_and_a_future_time_are_refused():
    end, now = Positions((5,) * 8), datetime(2026, 11, 1, 8, tzinfo=UTC)
    is_behind(Positions((5, 0) * 4), end, now)
    is_behind(now, end, now)
    with pytest.raises(Refused, match="its journal ends at 5-5-5"):
        is_behind(Positions((6, 0) * 4), end, now)
    with pytest.raises(Refused, match="is in the future"):
        is_behind(now + timedelta(seconds=1), end, now)


@pytest.mark.parametrize("form", ["csv", "parquet", "simple"])
def test_official_columns_alone_are_for_official_formats(tmp_path, form):
    done = CliRunner().invoke(mekong, ["export", str(tmp_path / f"a{BY_NAME[form].suffix}"), "--format", form, "--official-only"])
    assert done.exit_code == 2
    assert "--official-only is for the formats of other organisations: aitr, ids, etis" in done.output


@pytest.mark.parametrize("there", ["out.xlsx", "out.xlsx.not-carried.txt"])
def test_a_file_that_is_there_is_kept(tmp_path, there):
    (tmp_path / there).write_text("of last month")
    done = CliRunner().invoke(mekong, ["export", str(tmp_path / "out.xlsx"), "--format", "aitr"])
    assert done.exit_code == 2
    assert "exists already" in done.output
    assert (tmp_path / there).read_text() == "of last month"
