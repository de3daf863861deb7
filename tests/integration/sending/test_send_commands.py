"""``mekong send``, ``replay``, ``watch`` and ``receipts`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mekong import deploy
from mekong.deploy.cli import mekong
from mekong.deploy.registry import add_agencies
from mekong.producers.formats import lemis
from mekong.schemas.errors import Refused

DEMO = Path(deploy.__file__).parent / "demo-data"
LEMIS = DEMO / "lemis-amphibian-2016-2021.csv"


def run(*arguments: str, **more):
    return CliRunner().invoke(mekong, list(arguments), **more)


def a_line(agency: str, case_no: str, **more) -> str:
    return json.dumps({"agency": agency, "case_no": case_no, "seized_at": "2026-05-03", **more}) + "\n"


@pytest.fixture
def local_stack(server_settings, kafka, monkeypatch):
    """The session's broker, dressed as a local stack whose clock is off."""
    monkeypatch.delenv("MEKONG_KAFKA_BOOTSTRAP")
    server_settings.home.mkdir(exist_ok=True)
    stack = {"stack_id": "test", "kafka": {"bootstrap": kafka}, "secret": "a secret of the test", "clock": "off"}
    (server_settings.home / "stack.json").write_text(json.dumps(stack))


def test_send_prints_the_account_and_exits_with_0_when_all_was_taken(agency, intake, tmp_path):
    intake(agency)
    path = tmp_path / "cases.jsonl"
    path.write_text(a_line(agency, "1") + a_line(agency, "2"))
    found = run("send", str(path), "--format", "json")
    assert found.exit_code == 0, found.output
    assert "2 read, 2 sent" in found.output
    assert "accepted            2" in found.output


def test_send_shows_each_rejection_and_exits_with_1(agency, intake, tmp_path):
    intake(agency)
    path = tmp_path / "cases.jsonl"
    path.write_text(a_line(agency, "1") + "nonsense\n" + a_line(agency, "2", bad=1))
    report = tmp_path / "report.json"
    found = run("send", str(path), "--format", "json", "--report", str(report))
    assert found.exit_code == 1
    for expected in ("line 2", "not_json", "line 3", "lines.0.quantity", "must be more than 0"):
        assert expected in found.output
    assert [one["where"] for one in json.loads(report.read_text())["rejections"]] == ["line 2", "line 3"]


def test_of_many_rejections_the_first_are_shown_and_the_report_has_all(agency, tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text("nonsense\n" * 30)
    report = tmp_path / "report.json"
    found = run("send", str(path), "--format", "json", "--report", str(report))
    assert "and 10 more" in found.output
    assert len(json.loads(report.read_text())["rejections"]) == 30


def test_send_takes_standard_input_and_prints_json(agency, intake):
    intake(agency)
    found = run("send", "-", "--format", "json", "--json", input=a_line(agency, "1"))
    assert found.exit_code == 0, found.output
    account = json.loads(found.stdout)
    assert (account["sent"], account["accepted"], account["rejected"]) == (1, 1, 0)


def test_a_format_that_is_not_there_is_answered_with_those_that_are(agency, tmp_path):
    path = tmp_path / "x"
    path.write_text("x")
    found = run("send", str(path), "--format", "excel")
    assert isinstance(found.exception, Refused)
    assert "json, cbp, lemis" in str(found.exception)


def test_history_is_told_by_the_name_of_the_batch(agency, intake, records_of, tmp_path):
    intake(agency)
    path = tmp_path / "old.jsonl"
    path.write_text(a_line(agency, "1"))
    run("send", str(path), "--format", "json", "--history")
    assert dict(records_of(f"in.{agency}.v1")[-1].headers)["mekong-batch"] == b"history/old.jsonl"


def test_register_is_refused_where_the_stack_is_not_local(agency, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(a_line(agency, "1"))
    found = run("send", str(path), "--format", "json", "--register")
    assert isinstance(found.exception, Refused)
    assert "local stack" in str(found.exception)


def test_replay_registers_the_agencies_of_the_file_and_puts_ticks_between_the_days(local_stack, intake, records_of, fresh_agency, tmp_path):
    path = tmp_path / "two.csv"
    office = f"TEST {fresh_agency().rpartition('-')[2]} SECTOR"
    code = f"US-{office.replace(' ', '-')}"
    header, *rows = (DEMO / "cbp-nationwide-drugs-fy19-fy22.csv").read_text().splitlines()
    row = next(row for row in rows if ",LAREDO SECTOR,Cocaine,2," in row)
    path.write_text("\n".join([header, row, row.replace("LAREDO SECTOR", office)]) + "\n")
    intake("US-LAREDO-SECTOR")
    found = run("replay", str(path), "--format", "cbp", "--register", "--json", "--wait", "20")
    assert found.exit_code == 1, found.output
    account = json.loads(found.stdout)
    assert (account["accepted"] + account["duplicate"], account["rejected_by_reason"]) == (2, {"unregistered_agency": 2})
    assert code in account["rejections"][0]["detail"]
    values = [json.loads(record.value)["message_type"] for record in records_of("in.US-LAREDO-SECTOR.v1")]
    assert values[0] == "agency"
    assert values[-4:] == ["seizure", "seizure", "tick", "tick"]


def test_replay_wants_one_format_or_one_a_file(local_stack):
    found = run("replay", str(LEMIS), str(LEMIS), str(LEMIS), "--format", "lemis", "--format", "cbp")
    assert found.exit_code == 2


def test_watch_once_takes_what_is_there(agency, intake, tmp_path):
    intake(agency)
    (tmp_path / "a.jsonl").write_text(a_line(agency, "1"))
    found = run("watch", str(tmp_path), "--format", "json", "--settle", "0.2", "--once")
    assert found.exit_code == 0, found.output
    assert (tmp_path / "done" / "a.jsonl").exists()


def test_receipts_are_shown_and_can_be_narrowed_to_rejections(agency, intake, tmp_path):
    intake(agency)
    path = tmp_path / "cases.jsonl"
    path.write_text(a_line(agency, "1") + a_line(agency, "2", bad=1))
    run("send", str(path), "--format", "json")
    found = run("receipts", "--agency", agency)
    assert "1  accepted v1" in found.output
    assert "bad_quantity (lines.0.quantity): must be more than 0" in found.output
    only = run("receipts", "--agency", agency, "--rejected", "--json")
    assert [json.loads(line)["case_no"] for line in only.stdout.splitlines()] == ["2"]


def test_receipts_says_that_nothing_was_rejected(agency, intake, tmp_path):
    assert "No receipt yet." in run("receipts", "--agency", agency).output
    intake(agency)
    path = tmp_path / "cases.jsonl"
    path.write_text(a_line(agency, "1"))
    assert run("send", str(path), "--format", "json").exit_code == 0
    assert run("receipts", "--agency", agency, "--rejected").output == "Nothing was rejected.\n"
    assert run("receipts", "--agency", agency, "--rejected", "--json").output == ""


def test_receipts_of_nobody_are_refused_with_what_to_do(agency):
    found = run("receipts", "--agency", "XX-NOBODY")
    assert isinstance(found.exception, Refused)
    assert "mekong agency list" in str(found.exception)


def test_the_real_wildlife_file_goes_through_the_real_intake(deployment, monkeypatch):
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    add_agencies(deployment.settings, [lemis.profile(lemis.AGENCY)])
    deployment.mekong("worker", "intake")
    first = json.loads(run("send", str(LEMIS), "--format", "lemis", "--json").stdout)
    assert {key: first[key] for key in ("read", "sent", "accepted", "rejected", "no_receipt")} == {
        "read": 262,
        "sent": 262,
        "accepted": 262,
        "rejected": 0,
        "no_receipt": 0,
    }
    assert first["notices_by_code"]["unmapped_code"] == 9
    again = json.loads(run("send", str(LEMIS), "--format", "lemis", "--json").stdout)
    assert (again["accepted"], again["duplicate"]) == (0, 262)
    assert len(run("receipts", "--json").stdout.splitlines()) == 524


def test_watch_prints_the_account_of_each_file_as_json(agency, intake, tmp_path):
    intake(agency)
    folder = tmp_path / "outgoing"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.jsonl").write_text(a_line(agency, name))
    found = run("watch", str(folder), "--format", "json", "--once", "--settle", "0.1", "--json")
    assert found.exit_code == 0, found.output
    accounts = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(account["file"], account["accepted"]) for account in accounts] == [("a.jsonl", 1), ("b.jsonl", 1)]


@pytest.mark.parametrize("arguments", [("send", "--wait", "-1"), ("watch", "--settle", "-1")])
def test_a_wait_of_less_than_nothing_is_refused(arguments, tmp_path):
    command, *option = arguments
    (tmp_path / "x").write_text("x")
    found = run(command, str(tmp_path / "x" if command == "send" else tmp_path), "--format", "json", *option)
    assert found.exit_code == 2
    assert "is not in the range x>=0" in found.output
