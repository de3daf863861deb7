"""The files of a briefing: complete in each language, the same bytes each time, hostile text stays text, nothing without a figure."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from click.testing import CliRunner
from docx import Document

from mekong.deploy.cli import mekong
from mekong.deploy.cli import report as command
from mekong.deploy.reports import phases
from mekong.deploy.reports.files import confirmations, save
from mekong.schemas.errors import Refused
from mekong.schemas.languages import LANGUAGES
from mekong.sinks.reports.charts import days
from mekong.sinks.reports.joint import phases as joint_phases
from mekong.sinks.reports.kinds import KINDS
from mekong.sinks.reports.page import page
from mekong.sinks.reports.shape import Answers
from mekong.sinks.reports.words import Words
from tests.unit.made_briefing import made, rows

HOSTILE = "</style><script>alert(1)</script>\x00\u202e=cmd|' /C calc'!A0 \\00003c &amp; ຢາ ยา ឱសថ ဆေး"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_in_every_language(kind, language, tmp_path):
    named = {"member": "VN-CUSTOMS"} if kind == "member" else {"pair": ("A", "B")}
    one = made(language, kind, before=rows(), **named)
    save(one, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in html
    assert "{" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL), "a fact is missing in a text"
    assert all(re.search(r"\d", sentence.text) for sentence in one.sentences)
    assert one.sentences


def test_the_same_briefing_gives_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        save(made(), tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"report.html", "report.json", "report.xlsx", "report.docx", "groups.csv"} <= set(names)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_hostile_text_stays_text_in_each_file(tmp_path):
    save(made(text=HOSTILE, member=""), tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert html.count("</style>") == 1
    assert "\x00" not in html
    assert "\u202e" not in html
    assert "ຢາ ยา ឱសថ ဆေး" in html
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "ဆေး" in "".join(cell.text for table in Document(tmp_path / "report.docx").tables for row in table.rows for cell in row.cells)
    save(made(text="=1+1"), tmp_path / "formula")
    assert '"\'=1+1"' in (tmp_path / "formula" / "largest.csv").read_text(encoding="utf-8-sig")


def test_the_page_asks_for_nothing_from_elsewhere_and_each_printed_page_has_its_line():
    html = page(made())
    assert not re.search(r"(?:src|href)=\"(?!#)|url\(|@import|https?:", html)
    assert "default-src 'none'" in html
    line = re.search(r'@bottom-left \{ content: "([^"]*)"', html)[1]
    assert re.sub(r"\\([0-9a-f]{6})", lambda sign: chr(int(sign[1], 16)), line) == made().line
    assert "TLP:AMBER · SIMULATED · PROVISIONAL" in made().line


def test_a_briefing_is_provisional_until_each_member_has_confirmed():
    assert made(confirmed=frozenset({"VN-CUSTOMS"})).unconfirmed == ["CN-CUSTOMS", "LA-CUSTOMS"]
    assert "VN-CUSTOMS (?)" not in page(made(confirmed=frozenset({"VN-CUSTOMS"})))
    assert "LA-CUSTOMS (?)" in page(made(confirmed=frozenset({"VN-CUSTOMS"})))
    one = made(confirmed=frozenset({"VN-CUSTOMS", "CN-CUSTOMS", "LA-CUSTOMS"}))
    assert not one.is_provisional
    assert "PROVISIONAL" not in page(one)


def test_a_member_gets_its_own_rows_only():
    html = page(made(kind="member", member="VN-CUSTOMS"))
    assert "CN-CUSTOMS" not in html
    assert "Confirm or correct" in html


def test_tables_without_a_row_are_left_out_and_give_no_sentence(tmp_path):
    empty = {name: [] for name in rows()}
    one = made(tables=empty | {"groups": rows()["groups"][:1]})
    save(one, tmp_path)
    assert [table.name for table in one.shown] == ["groups"]
    assert {sentence.table for sentence in one.sentences} == {"groups"}
    assert "<figure>" not in page(one)


def test_a_second_briefing_leaves_no_table_of_the_first(tmp_path):
    save(made(), tmp_path)
    save(made(kind="joint"), tmp_path)
    assert {path.stem for path in tmp_path.glob("*.csv")} == {"phases", "published"}


def test_growth_is_split_into_the_same_members_and_those_that_joined_or_left():
    def phase(**cases):
        return {"members": [{"agency": agency, "cases": n} for agency, n in cases.items()], "groups": []}

    found = joint_phases(Answers({}, {}, {"one": phase(A=10, B=5), "two": phase(A=16, C=7)}))
    assert found[0]["change"] is None
    assert {name: found[1][name] for name in ("cases", "more", "more_same", "more_joined")} == {
        "cases": 23,
        "more": 8,
        "more_same": 6,
        "more_joined": 2,
    }
    assert found[1]["same_change"] == 60


def test_bars_of_a_long_time_are_those_of_its_last_days():
    many = [{"day": rows()["days"][0]["day"].replace(year=year), "cases": 1, "alerts": 0} for year in range(1990, 2024)]
    assert str(days.draw(many, Words("en"))).count("M") < 50
    assert days.draw([], Words("en")) is None


def test_phases_and_pairs_are_read_or_refused():
    assert (phases.code("OMD", "V"), phases.before("OMD-V"), phases.before("OMD-I"), phases.before("OMD-II")) == (
        "OMD-V",
        "OMD-IV",
        "",
        "OMD-I",
    )
    assert phases.between("OMD", "I-IV") == ["OMD-I", "OMD-II", "OMD-III", "OMD-IV"]
    assert phases.pair("vn,CN") == ("VN", "CN")
    for wrong in (lambda: phases.code("OMD", "XX"), lambda: phases.code("NO", "V"), lambda: phases.between("OMD", "IV-I")):
        with pytest.raises(Refused):
            wrong()
    for text in ("VN", "VN,VN", "VN,XQ", "VN,CN,LA"):
        with pytest.raises(Refused, match="two countries"):
            phases.pair(text)


def test_confirmations_are_read_or_refused(tmp_path):
    file = tmp_path / "confirmed.csv"
    file.write_text("\ufeffagency,cases\r\nVN-CUSTOMS,123\r\n", encoding="utf-8")
    assert confirmations(file) == {"VN-CUSTOMS": 123}
    for text, why in (
        ("agency\nX\n", "columns agency and cases"),
        ("agency,cases\nX,many\n", "whole number"),
        ("agency,cases\nX\n", "whole number"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(Refused, match=why):
            confirmations(file)
    file.write_bytes(b"agency,cases\n\xff\xfe,1\n")
    with pytest.raises(Refused, match="cannot be read"):
        confirmations(file)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--phase", "V"], "give --operation and --phase together"),
        (["--operation", "OMD", "--phase", "V", "--as-known-on", "2999-01-01"], "is not over yet"),
        (["--operation", "OMD", "--phase", "V", "--as-known-on", "soon"], "is not a day or a time"),
        (["--operation", "OMD", "--phase", "V", "--as-known-on", "2026-01-01T10:00"], "has no offset"),
        (["--operation", "OMD", "--phase", "V", "--as-known-on", "2026-01-01", "--since", "2026-01-02"], "before the cut-off"),
        (["--operation", "OMD", "--phases", "I-IV", "--member", "X"], "give one of them"),
        (["--phases", "I-IV"], "goes with --operation"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, why, tmp_path):
    done = CliRunner().invoke(mekong, ["report", *options, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert why in " ".join(done.output.replace("│", " ").split())


def test_the_document_has_no_time_of_day_in_it(tmp_path):
    save(made(), tmp_path)
    for name in ("report.docx", "report.xlsx"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert {one.date_time[0] for one in archive.infolist()} == {1980}, name


def test_a_cut_off_that_clickhouse_may_not_have_reached_is_said():
    at, short, none = datetime(2026, 11, 28, 12, tzinfo=UTC), timedelta(minutes=2), timedelta(0)
    assert list(command._incomplete(None, at, none)) == []
    assert list(command._incomplete(at, at, none)) == []
    assert list(command._incomplete(at - timedelta(minutes=1), at, short)) == []
    (said,) = command._incomplete(at - timedelta(minutes=3), at, short)
    assert "until 2026-11-28 11:57:00 UTC" in said
