"""``mekong backtest`` of a file: no server, the rules it is given, and what happened by the data."""

import json
import sys
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from mekong.deploy.backtest.file import known_at, known_profile
from mekong.deploy.cli.backtest import backtest
from mekong.producers.files import format_named
from mekong.schemas.errors import Refused
from mekong.schemas.times import read_event_time

HEAD = "FY,Month (abbv),Component,Region,Land Filter,Area of Responsibility,Drug Type,Count of Event,Sum Qty (lbs)"
MONTHS = ("OCT", "NOV", "DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP")
STRICT = "[spike]\nopen_p = 1e-30\nsevere_p = 1e-30\n"


def row(year, month, drug, count):
    return f"{year},{month},Office of Field Operations,Coastal/Interior,Other,MIAMI FIELD OFFICE,{drug},{count},{count}.0"


@pytest.fixture(scope="module")
def drugs(tmp_path_factory):
    """Two years of about ten cases a month, and forty more of one drug in March of the second."""
    rows = [row(year, month, "Cocaine", 9 + (place + year) % 3) for year in (2019, 2020) for place, month in enumerate(MONTHS)]
    rows.append(row(2020, "MAR", "Ketamine", 40))
    path = tmp_path_factory.mktemp("drugs") / "drugs.csv"
    path.write_text("\n".join([HEAD, *rows, "2020,MAY,damaged", ""]))
    return path


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command without a stack."""
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path / "nowhere"))
    for name in ("MEKONG_SECRET", "MEKONG_RULES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mekong", "backtest", *arguments])
        return CliRunner().invoke(backtest, list(arguments), catch_exceptions=False)

    return run


@pytest.fixture
def asked(drugs):
    return ["--from", "2019-10-01", "--to", "2020-09-30", "--file", str(drugs), "--format", "cbp"]


def test_a_file_tells_its_strongest_with_what_happened(run, asked):
    found = json.loads(run(*asked, "--json").stdout)
    assert found["was"] is None
    assert found["outcomes"]["rejected: bad_row"] == 1
    assert found["entries_per_second"] > 0
    first = found["strongest"][0]
    assert first["series"] == "US-MIAMI-FIELD-OFFICE/drug"
    assert first["opened"] == "2020-03-01"
    assert first["now"]["cases"] > 4 * first["before"]["cases"]
    assert [part["name"] for part in first["goods"]] == ["Ketamine"]
    assert first["days_to_tell"] == pytest.approx(31, abs=1)  # what is known to the month comes at its end
    assert "March 2020" in first["what_happened"]


def test_other_rules_are_held_against_those_in_force(run, asked, tmp_path):
    rules = tmp_path / "strict.toml"
    rules.write_text(STRICT)
    found = json.loads(run(*asked, "--rules", str(rules), "--json").stdout)
    assert found["would"]["alerts"] < found["was"]["alerts"]
    assert found["would"]["only_here"] == []
    assert len(found["was"]["only_here"]) == found["was"]["alerts"] - found["would"]["alerts"]
    assert found["would"]["rules"] != found["was"]["rules"]
    assert found["would"]["subscriber_to_everything"]["at_once"] < found["was"]["subscriber_to_everything"]["at_once"]


def test_tables_and_the_page_say_the_same(run, asked, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Ours\n\n<!-- backtest -->\nold\n<!-- end of backtest -->\n\nafter\n")
    shown = run(*asked, "--page", str(page)).stdout
    written = page.read_text()
    assert "Ketamine" in shown
    assert "Ketamine" in written
    assert "US-MIAMI-FIELD-OFFICE" in shown
    assert f"Written by `mekong backtest {' '.join(asked)}`" in written
    assert written.startswith("# Ours\n")
    assert written.endswith("\n\nafter\n")
    assert "old" not in written
    run(*asked, "--page", str(page))
    assert len(page.read_text()) == len(written)


@pytest.mark.parametrize(
    ("text", "said"),
    [("[spike]\nopen_q = 1\n", "line 2: spike.open_q: is not a rule"), ("\n[spike]\nopen_p = 2\n", "line 3: spike.open_p")],
)
def test_an_unknown_or_impossible_rule_is_refused_with_its_line(run, asked, tmp_path, text, said):
    rules = tmp_path / "rules.toml"
    rules.write_text(text)
    with pytest.raises(Refused, match=said):
        run(*asked, "--rules", str(rules))


def test_a_period_that_ends_before_it_begins_is_refused(run, asked):
    assert run(*asked, "--to", "2018-01-01").exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nonsense\n", "line 1: "),
        (b"\n\n", "does not have a message"),
        (b"", "the file: the file is empty"),
        (b"\x1f\x8b\x08\x00\x00\x00", "compressed with gzip"),
    ],
)
def test_a_file_without_a_message_is_refused_with_why(run, tmp_path, content, said):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Refused, match=said):
        run("--from", "2019-10-01", "--to", "2020-09-30", "--file", str(path), "--format", "json")


def test_a_file_needs_a_format(run):
    assert run("--from", "2019-10-01", "--to", "2020-09-30", "--format", "cbp").exit_code == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-03T13:20+07:00", datetime(2026, 5, 3, 6, 20, tzinfo=UTC)),
        ("2026-05-03", datetime(2026, 5, 3, 16, 59, 59, tzinfo=UTC)),
        ("2026-05", datetime(2026, 5, 31, 16, 59, 59, tzinfo=UTC)),
        ("2026", datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)),
    ],
)
def test_what_is_known_of_a_time_is_known_at_its_end(text, moment):
    assert known_at(read_event_time(text), "+07:00") == moment


def test_an_agency_on_no_list_is_described_by_its_code():
    json_format = format_named("json")
    found = known_profile("VN-NOBODY-KNOWS-IT", json_format)
    assert (found.country, found.utc_offset) == ("VN", "+00:00")
    assert known_profile("VN-CUSTOMS", json_format).name != "VN-CUSTOMS"
    assert known_profile("no code", json_format) is None
    assert known_profile("QQ-NOWHERE", json_format) is None
