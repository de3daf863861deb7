"""Cases through the real intake and sink, exported, and sent again: each is a duplicate; nothing leaves above its marking."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import openpyxl
import pyarrow.parquet
import pytest

from mekong.schemas.errors import Refused
from mekong.schemas.sheet_words import EXPORTED
from mekong.sinks.exports import BY_NAME
from tests.integration.commands import run, stored
from tests.unit.exported import AGENCY, all_messages

__all__ = ["run", "stored"]
OTHER, MADE_UP = "LA-CUSTOMS", "seizure-all-fields"
SHEETS = ("aitr", "ids", "etis", "simple")
SECRET_CASE = {"case_no": "red", "handling": {"tlp": "TLP:RED"}, "method_note": "for named recipients"}
STRICT_CASE = {"case_no": "ask", "handling": {"tlp": "TLP:CLEAR", "handling_code": "H2"}}
NOTE = "the text of a withdrawal, which has a marking of its own"
HOSTILE_CASE = {"case_no": "hostile", "handling": {"tlp": "TLP:CLEAR"}, "admin1": "=1+1"}


def case(agency, **changed):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "1.234", "unit": "kg"}
    message = {"message_type": "seizure", "agency": agency, "case_no": "1", "seized_at": "2026-05-03", "lines": [line]}
    return {**message, "handling": {"tlp": "TLP:GREEN"}, **changed}


@pytest.fixture(autouse=True)
def members(deployment):
    """They are registered before the worker starts."""
    deployment.register(AGENCY, OTHER, "CN-CUSTOMS")


def rows_of(path):
    head, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def numbers(path):
    return {row[EXPORTED["case_no"]] for row in rows_of(path)}


def test_an_export_comes_back_as_duplicates_and_keeps_to_markings(deployment, run, stored, tmp_path):
    messages = [json.loads(value) for value in all_messages()]
    everything = [*messages, *(case(AGENCY, **one) for one in (SECRET_CASE, STRICT_CASE, HOSTILE_CASE))]
    deployment.send(AGENCY, everything)
    deployment.send(OTHER, [case(OTHER), case(OTHER, case_no="2")])
    assert {one["outcome"] for one in deployment.receipts(AGENCY, len(everything))} == {"accepted"}
    deployment.receipts(OTHER, 2)
    stored()
    each_sheet_comes_back_as_duplicates(deployment, run, tmp_path)
    nothing_leaves_above_its_marking(run, tmp_path)
    tables_have_every_column(run, tmp_path)
    changes_since_a_copy_have_withdrawals(deployment, run, stored, tmp_path)


def each_sheet_comes_back_as_duplicates(deployment, run, tmp_path):
    journal = len(deployment.journal())
    for name in SHEETS:
        path = tmp_path / f"{name}.xlsx"
        done = run("export", path, "--format", name, "--where", f"agency = '{AGENCY}'", "--up-to", "TLP:RED", "--with-leave")
        assert done.exit_code == 0, done.output
        cases = len(numbers(path))
        account = json.loads(run("send", path, "--agency", AGENCY, "--json", "--yes", "--wait", "90").stdout)
        assert (account["duplicate"], account["corrected"], account["rejected"], account["stale"]) == (cases, 0, 0, 0), (name, account)
        again = tmp_path / f"{name}-again.xlsx"
        run("export", again, "--format", name, "--where", f"agency = '{AGENCY}'", "--up-to", "TLP:RED", "--with-leave")
        assert again.read_bytes() == path.read_bytes()
        beside = path.with_name(f"{name}.xlsx.not-carried.txt").read_text(encoding="utf-8")
        assert "These fields are not in the official columns, or not as the agency gave them" in beside
    assert len(deployment.journal()) == journal
    assert len(numbers(tmp_path / "simple.xlsx")) == len(all_messages()) + 3 - 1
    assert MADE_UP not in set().union(*(numbers(tmp_path / f"{name}.xlsx") for name in SHEETS)), "a case of an exercise is in no sheet"
    refused = run("send", tmp_path / "simple.xlsx", "--agency", OTHER, "--json", "--yes", "--wait", "90")
    assert json.loads(refused.stdout)["accepted"] == 0, "the cases of one agency are not another's"


def nothing_leaves_above_its_marking(run, tmp_path):
    path = tmp_path / "green.xlsx"
    done = run("export", path, "--format", "simple")
    assert numbers(path) == {"1", "2", "hostile"}
    assert "not in the file: 1 case without the leave of the sender" in done.output
    assert re.search(r"not in the file: \d+ cases with a marking above TLP:GREEN", done.output), done.output
    assert "named recipients" not in str(rows_of(path))
    (hostile,) = [row for row in rows_of(path) if row[EXPORTED["case_no"]] == "hostile"]
    assert hostile["Province"] == "=1+1"
    assert "f" not in {cell.data_type for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row}
    assert run("export", tmp_path / "official.xlsx", "--format", "ids", "--official-only").exit_code == 0
    (head, *rows) = openpyxl.load_workbook(tmp_path / "official.xlsx").worksheets[0].iter_rows(values_only=True)
    assert (head, len(rows)) == (BY_NAME["ids"].headings, 3)
    assert (
        "has no column for withdrawn cases"
        in run("export", path, "--format", "ids", "--official-only", "--since", "2026-01-01T00:00Z").output
    )
    path = tmp_path / "with-leave.xlsx"
    with_leave = run(
        "export", path, "--format", "simple", "--with-leave", "--where", "has(lines.unit, 'kg') AND NOT (agency = 'LA-CUSTOMS')"
    )
    assert with_leave.exit_code == 0, with_leave.output
    assert numbers(path) == {"hostile", "ask"}
    for condition, why in (("false) OR (true", "is closed that was not opened"), ("toYear(agency) = 2026", "Illegal type")):
        with pytest.raises(Refused, match=why):
            run("export", path, "--format", "simple", "--overwrite", "--where", condition)
    assert numbers(path) == {"hostile", "ask"}, "a refused export leaves the file as it is"


def tables_have_every_column(run, tmp_path):
    path = tmp_path / "all.csv"
    done = run("export", path, "--format", "csv")
    assert done.exit_code == 0, done.output
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert [(row["agency"], row["case_no"], row["line"], row["lines_quantity"]) for row in rows] == [
        (OTHER, "1", "1", "1.234"),
        (OTHER, "2", "1", "1.234"),
        (AGENCY, "hostile", "1", "1.234"),
    ]
    assert rows[2]["admin1"] == "'=1+1"
    path = tmp_path / "all.parquet"
    assert run("export", path, "--format", "parquet").exit_code == 0
    assert path.read_bytes()[:4] == path.read_bytes()[-4:] == b"PAR1"


def rows_since(run, tmp_path, at):
    path = tmp_path / "since-a-time.xlsx"
    assert run("export", path, "--format", "simple", "--overwrite", "--since", at.isoformat()).exit_code == 0
    return {(row[EXPORTED["case_no"]], row[EXPORTED["status"]]) for row in rows_of(path)}


def changes_since_a_copy_have_withdrawals(deployment, run, stored, tmp_path):
    path = tmp_path / "copy.xlsx"
    since = re.search(r"next time: --since (\S+)", run("export", path, "--format", "simple").output)[1]
    nothing = run("export", path, "--format", "simple", "--overwrite", "--since", since)
    assert f"next time: --since {since}" in nothing.output
    assert rows_of(path) == []
    withdrawal = {"message_type": "withdrawal", "agency": OTHER}
    deployment.send(
        OTHER,
        [
            {**withdrawal, "case_no": "1", "method_note": NOTE},
            case(OTHER, case_no="2", seized_at="2026-05-04"),
            case(OTHER, case_no="3"),
            case(OTHER, case_no="4"),
            {**withdrawal, "case_no": "4"},
        ],
    )
    deployment.receipts(OTHER, 2 + 5)
    stored()
    done = run("export", path, "--format", "simple", "--overwrite", "--since", since)
    assert "3 cases in 3 rows, of which 1 withdrawn" in done.output
    assert [(row[EXPORTED["case_no"]], row[EXPORTED["version"]], row[EXPORTED["status"]]) for row in rows_of(path)] == [
        ("3", 1, "current"),
        ("2", 2, "current"),
        ("1", 2, "withdrawn"),
    ], "case 4 was never in the copy"
    at = datetime.now(UTC)
    assert rows_since(run, tmp_path, at - timedelta(hours=1)) == {("3", "current"), ("2", "current"), ("hostile", "current")}
    with pytest.raises(Refused, match="is in the future"):
        rows_since(run, tmp_path, at + timedelta(hours=1))
    with pytest.raises(Refused, match="its journal ends at"):
        run("export", path, "--format", "simple", "--overwrite", "--since", since.replace("-", "9-"))
    first = min(datetime.fromisoformat(one["received_at"]) for one in deployment.receipts(OTHER, 7)[-5:])
    assert rows_since(run, tmp_path, first - timedelta(milliseconds=1)) == {("3", "current"), ("2", "current"), ("1", "withdrawn")}
    assert run("export", tmp_path / "new.csv", "--format", "csv", "--since", since).exit_code == 0
    assert [row["status"] for row in csv.DictReader(io.StringIO((tmp_path / "new.csv").read_text(encoding="utf-8-sig")))].count(
        "withdrawn"
    ) == 1
    row = next(one for one in csv.DictReader(io.StringIO((tmp_path / "new.csv").read_text("utf-8-sig"))) if one["status"] == "withdrawn")
    assert {name: value for name, value in row.items() if value} == {"agency": OTHER, "case_no": "1", "version": "2", "status": "withdrawn"}
    assert run("export", tmp_path / "new.parquet", "--format", "parquet", "--since", since).exit_code == 0
    rows = pyarrow.parquet.read_table(tmp_path / "new.parquet").to_pylist()
    (row,) = [one for one in rows if one["status"] == "withdrawn"]
    assert {name: value for name, value in row.items() if value not in (None, [])} == {
        "agency": OTHER,
        "case_no": "1",
        "version": 2,
        "status": "withdrawn",
    }
    assert NOTE not in str(rows)
    account = json.loads(run("send", path, "--agency", OTHER, "--json", "--yes", "--wait", "90").stdout)
    assert (account["duplicate"], account["accepted"], account["corrected"]) == (2, 0, 0), "a withdrawn row undoes nothing"
    a_withdrawal_with_a_stricter_marking_is_counted(deployment, run, stored, tmp_path)


def a_withdrawal_with_a_stricter_marking_is_counted(deployment, run, stored, tmp_path):
    path = tmp_path / "marked.csv"
    since = re.search(r"next time: --since (\S+)", run("export", tmp_path / "before.csv", "--format", "csv").output)[1]
    for number, handling, why in (("2", {"tlp": "TLP:RED"}, "with a marking above"), ("3", {"handling_code": "H3"}, "without the leave")):
        deployment.send(OTHER, [{"message_type": "withdrawal", "agency": OTHER, "case_no": number, "handling": handling}])
        deployment.receipts(OTHER, 9 + int(number) - 1)
        stored()
        done = run("export", path, "--format", "csv", "--overwrite", "--since", since)
        assert f"not in the file: 1 case {why}" in done.output
        assert list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))) == []
    assert (path.stat().st_mode & 0o777) == 0o600
