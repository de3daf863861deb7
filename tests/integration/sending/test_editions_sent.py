"""Whole sheets as a person sends them: each is an edition, asks before it undoes something, and withdraws when it is told to."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.producers.formats import cbp
from mekong.producers.questions import NotAnswered
from mekong.schemas.batches import EDITION_HEADER
from mekong.schemas.errors import Refused


def sheet(*cells: tuple[str, int, str]) -> str:
    rows = [f"2020,JAN,U.S. Border Patrol,Land Filter,LAREDO SECTOR,{drug},{events},{lbs}" for drug, events, lbs in cells]
    return "\n".join([",".join(cbp.COLUMNS), *rows, ""])


HEROIN, MORE, OTHER = ("Heroin", 1, "30"), ("Heroin", 1, "300"), ("Cocaine", 2, "5")


@pytest.fixture
def send(agency, intake, tmp_path):
    """Sends a sheet of some cells as the agency."""
    intake(agency)
    path = tmp_path / "drugs.csv"

    def run(content: str, *arguments: str, **more):
        path.write_text(content)
        return CliRunner().invoke(mekong, ["send", str(path), "--format", "cbp", "--agency", agency, *arguments], **more)

    return run


@pytest.fixture
def sent(agency, records_of):
    """What stands on the agency's topic: case number, kind and edition of each message."""

    def read() -> list[tuple[str, str, str]]:
        found = [(json.loads(record.value), dict(record.headers)) for record in records_of(f"in.{agency}.v1")[1:]]
        return [(message["case_no"], message["message_type"], headers[EDITION_HEADER].decode()) for message, headers in found]

    return read


def test_each_message_has_the_time_of_its_edition_and_the_same_when_it_is_sent_again(send, sent):
    for content in (sheet(HEROIN, OTHER), sheet(MORE, OTHER), sheet(HEROIN, OTHER)):
        found = send(content)
        assert found.exit_code == 0, found.output
    first, second, again = (sorted({edition for *_, edition in sent()[at : at + 3]}) for at in (0, 3, 6))
    assert len(first) == len(second) == 1
    assert first == again
    assert datetime.fromisoformat(first[0]) < datetime.fromisoformat(second[0])
    assert first[0].endswith("Z")


def test_messages_of_a_json_file_have_no_edition(agency, intake, records_of, tmp_path):
    intake(agency)
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps({"agency": agency, "case_no": "1"}) + "\n")
    assert CliRunner().invoke(mekong, ["send", str(path), "--format", "json"]).exit_code == 0
    assert EDITION_HEADER not in dict(records_of(f"in.{agency}.v1")[-1].headers)
    found = CliRunner().invoke(mekong, ["send", str(path), "--format", "json", "--complete", "file"])
    assert isinstance(found.exception, Refused)
    assert "is messages" in str(found.exception)


def test_a_sheet_that_would_undo_a_newer_one_is_shown_and_not_sent_without_a_yes(send, sent):
    send(sheet(HEROIN))
    send(sheet(MORE))
    found = send(sheet(HEROIN, OTHER))
    assert isinstance(found.exception, NotAnswered)
    assert "Cases would return to what an older edition said (1):" in found.stderr
    assert "2020-01/HEROIN/LAND-FILTER/1, as in the edition of 20" in found.stderr
    assert len(sent()) == 2
    found = send(sheet(HEROIN, OTHER), "--yes")
    assert found.exit_code == 0, found.output
    assert "Cases would return" in found.stderr
    assert len(sent()) == 5


def test_a_damaged_sheet_is_asked_about_at_a_terminal_and_the_answer_obeyed(send, sent, monkeypatch):
    monkeypatch.setattr("mekong.deploy.cli.questions._at_a_terminal", lambda: True)
    total = sheet(HEROIN, ("Total", 1, "30"))
    assert isinstance(send(total, input="n\n").exception, NotAnswered)
    assert sent() == []
    assert send(total, input="y\n").exit_code == 0
    assert len(sent()) == 2


def test_complete_sends_the_withdrawals_last_with_the_same_edition(send, sent):
    send(sheet(HEROIN, OTHER))
    found = send(sheet(HEROIN, ("Cocaine", 1, "5")))
    assert "that are not in this one: 1, first" in found.output
    assert "They stay counted" in found.output
    found = send(sheet(("Cocaine", 1, "5"), MORE), "--complete", "file")
    assert found.exit_code == 0, found.output
    assert "withdraw" not in found.output
    found = send(sheet(MORE), "--complete", "file")
    assert isinstance(found.exception, Refused)
    assert "1 of 2 cases missing, more than 5 %. When that is right, add --withdraws 1." in str(found.exception)
    found = send(sheet(MORE), "--complete", "file", "--withdraws", "1")
    assert found.exit_code == 0, found.output
    assert "sent last: 1 withdrawals" in found.output
    (case_no, kind, edition), before = sent()[-1], sent()[-2]
    assert (case_no, kind, edition) == ("2020-01/COCAINE/LAND-FILTER/1", "withdrawal", before[2])


def test_withdraws_without_complete_is_refused(send):
    found = send(sheet(HEROIN), "--withdraws", "1")
    assert found.exit_code == 2
    assert "--withdraws goes with --complete" in found.output


def test_a_sheet_from_standard_input_is_an_edition_too(agency, intake, sent):
    intake(agency)
    for _ in range(2):
        found = CliRunner().invoke(mekong, ["send", "-", "--format", "cbp", "--agency", agency], input=sheet(HEROIN))
        assert found.exit_code == 0, found.output
    assert len(sent()) == 2
    assert len({edition for *_, edition in sent()}) == 1


def test_an_edition_from_another_machine_is_given_its_time_by_hand(send, sent):
    assert send(sheet(HEROIN), "--edition", "2026-01-05T08:00+07:00").exit_code == 0
    assert sent()[0][2] == "2026-01-05T01:00:00.000Z"
    assert send(sheet(MORE), "--edition", "2026-01-05").exit_code == 2


def test_the_first_sheet_from_another_machine_asks_when_its_agency_has_sent_before(send, sent, tmp_path, monkeypatch):
    assert send(sheet(HEROIN)).exit_code == 0
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path / "another"))
    found = send(sheet(MORE))
    assert isinstance(found.exception, NotAnswered)
    assert "The first sheet that is sent from here" in found.stderr
    assert send(sheet(MORE), "--edition", "2026-01-05T08:00Z").exit_code == 0
    assert len(sent()) == 2


def test_watch_holds_a_sheet_that_would_undo_a_newer_one_and_says_so(agency, intake, sent, tmp_path):
    intake(agency)
    folder = tmp_path / "outgoing"
    folder.mkdir()
    for name, content in (("1.csv", sheet(HEROIN)), ("2.csv", sheet(MORE)), ("3.csv", sheet(HEROIN, OTHER)), ("4.csv", sheet(OTHER))):
        (folder / name).write_text(content)
    arguments = ["watch", str(folder), "--format", "cbp", "--agency", agency, "--settle", "0.1", "--once"]
    found = CliRunner().invoke(mekong, arguments)
    assert found.exit_code == 1, found.output
    assert "3.csv: held, nothing was sent" in found.output
    assert sorted(path.name for path in (folder / "held").iterdir()) == ["3.csv", "3.csv.report.json", "3.csv.report.txt"]
    assert [case_no for case_no, *_ in sent()] == [
        *["2020-01/HEROIN/LAND-FILTER/1"] * 2,
        *["2020-01/COCAINE/LAND-FILTER/1", "2020-01/COCAINE/LAND-FILTER/2"],
    ]
