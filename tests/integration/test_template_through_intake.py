"""A template in Vietnamese, filled in by hand, goes through the real intake and comes back with a receipt at each row."""

from __future__ import annotations

import io
import json

import openpyxl
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.schemas.sheet_words import RESULTS
from tests.unit.filled import AT, FIRST_ROW, saved, workbook

CASES = 12
WRONG_ROW = FIRST_ROW + 4


def test_a_vietnamese_template_is_accepted_and_corrected_by_its_marked_sheet(deployment, tmp_path, monkeypatch):
    deployment.register("VN-CUSTOMS")
    deployment.mekong("worker", "intake")
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    path, marked, again = (tmp_path / name for name in ("sheet.xlsx", "marked.xlsx", "again.xlsx"))
    book = workbook("vi", CASES)
    book.worksheets[0].cell(WRONG_ROW, AT["quantity"]).value = 10**12  # 1e12 kg: only the exchange refuses it
    path.write_bytes(saved(book))

    account = _send(path, marked)
    assert (account["accepted"], account["rejected"], account["no_receipt"]) == (CASES - 1, 1, 0)
    assert _results(marked) == [RESULTS["rejected" if row == WRONG_ROW else "accepted"]["vi"] for row in _rows()]

    account = _send(marked, again)  # returned unopened
    assert (account["duplicate"], account["rejected"]) == (CASES - 1, 1)
    book = openpyxl.load_workbook(marked)
    assert book.worksheets[0].cell(WRONG_ROW, AT["quantity"]).comment.text.endswith("hãy kiểm tra số và đơn vị")
    book.worksheets[0].cell(WRONG_ROW, AT["quantity"]).value = 3
    book.worksheets[0].cell(FIRST_ROW, AT["quantity"]).value = 7
    marked.write_bytes(saved(book))

    account = _send(marked, again)
    assert (account["accepted"], account["corrected"], account["duplicate"], account["rejected"]) == (1, 1, CASES - 2, 0)
    became = {FIRST_ROW: "corrected", WRONG_ROW: "accepted"}
    assert _results(again) == [RESULTS[became.get(row, "duplicate")]["vi"] for row in _rows()]

    path.write_bytes(saved(workbook("vi", CASES)))  # an older sheet is found again
    older = CliRunner().invoke(mekong, ["check", str(path)])
    assert older.exit_code == 1
    assert "Cases would return to what an older edition said (1): row 3: VN-CUSTOMS VN-2026-0001" in older.output
    marked.write_bytes(saved(workbook("vi", CASES, "LA-CUSTOMS")))
    other = CliRunner().invoke(mekong, ["check", str(marked)])
    assert other.exit_code == 1
    assert "LA-CUSTOMS is not registered at this exchange" in other.output
    assert "good              0" in other.output
    versions = [entry for entry in deployment.journal() if entry["kind"] == "version"]
    assert sorted({entry["case_no"] for entry in versions}) == [f"VN-2026-{number:04}" for number in range(1, CASES + 1)]
    assert len(versions) == CASES + 1


def _rows():
    return range(FIRST_ROW, FIRST_ROW + CASES)


def _send(path, out):
    found = CliRunner().invoke(mekong, ["send", str(path), "--json", "--yes", "--wait", "90", "--marked", str(out)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return json.loads(found.stdout)


def _results(path):
    sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).worksheets[0]
    return [sheet.cell(row, AT["method_note"] + 1).value for row in _rows()]
