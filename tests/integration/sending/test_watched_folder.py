"""A watched folder: files are taken when complete, and put away only when every receipt is in."""

from __future__ import annotations

import json
import threading
import time

import pytest

from mekong.producers.archive import DONE, FAILED, move_to_archive
from mekong.producers.files import SendOptions, looks_of
from mekong.producers.folder import Look, complete, look, watch
from mekong.producers.formats import BY_NAME
from mekong.producers.ledger import Summary
from mekong.schemas.errors import Refused

HOW = SendOptions(BY_NAME["json"], wait_s=0.5)


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "outgoing"
    found.mkdir()
    return found


@pytest.fixture
def watching(server_settings, folder):
    """Starts a watch in a thread; it has ended when the test has."""
    stops = []

    def start(**more) -> threading.Thread:
        stop = threading.Event()
        thread = threading.Thread(target=watch, args=[server_settings, folder, HOW], kwargs={"settle_s": 0.3, "stop": stop, **more})
        thread.start()
        stops.append((stop, thread))
        return thread

    yield start
    for stop, thread in stops:
        stop.set()
        thread.join()


def a_line(agency: str, case_no: str, **more) -> str:
    return json.dumps({"agency": agency, "case_no": case_no, **more}) + "\n"


def wait_for(path, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.05)


def test_a_good_file_goes_to_done_and_a_bad_one_to_failed_each_with_its_report(folder, agency, intake, watching):
    intake(agency)
    (folder / "good.jsonl").write_text(a_line(agency, "1") + a_line(agency, "2"))
    (folder / "bad.jsonl").write_text(a_line(agency, "3") + "{no json\n" + a_line(agency, "4", bad=1))
    watching(once=True).join()
    assert (folder / DONE / "good.jsonl").exists()
    report = json.loads((folder / DONE / "good.jsonl.report.json").read_text())
    assert (report["accepted"], report["rejected"]) == (2, 0)
    report = json.loads((folder / FAILED / "bad.jsonl.report.json").read_text())
    assert report["rejected_by_reason"] == {"not_json": 1, "bad_quantity": 1}
    assert "line 2: not_json" in (folder / FAILED / "bad.jsonl.report.txt").read_text()
    assert not [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


def test_a_file_stays_until_its_last_receipt_is_in_and_is_not_sent_again(folder, agency, intake, watching, records_of):
    (folder / "slow.jsonl").write_text(a_line(agency, "1"))
    watching()
    time.sleep(2.5)
    assert (folder / "slow.jsonl").exists()
    intake(agency)
    wait_for(folder / DONE / "slow.jsonl")
    assert len(records_of(f"in.{agency}.v1")) == 2  # the profile, and the message once


def test_a_file_that_still_grows_is_left_alone(folder, agency, intake, watching):
    intake(agency)
    watching(settle_s=1.0)
    path = folder / "growing.jsonl"
    with path.open("w") as file:
        for number in range(8):
            file.write(a_line(agency, str(number)))
            file.flush()
            time.sleep(0.25)
            assert path.exists()
    wait_for(folder / DONE / "growing.jsonl")
    assert json.loads((folder / DONE / "growing.jsonl.report.json").read_text())["accepted"] == 8


def test_a_file_renamed_into_the_folder_is_taken_and_its_temporary_name_is_not(folder, agency, intake, watching):
    intake(agency)
    watching()
    (folder / "x.jsonl.part").write_text(a_line(agency, "1"))
    (folder / ".y.jsonl").write_text(a_line(agency, "2"))
    time.sleep(1.0)
    assert (folder / "x.jsonl.part").exists()
    (folder / "x.jsonl.part").rename(folder / "x.jsonl")
    wait_for(folder / DONE / "x.jsonl")
    assert (folder / ".y.jsonl").exists()


def test_an_agency_that_is_not_registered_makes_the_file_fail_and_the_watch_go_on(folder, agency, intake, watching):
    intake(agency)
    (folder / "a.jsonl").write_text(a_line("XX-NOBODY", "1"))
    (folder / "b.jsonl").write_text(a_line(agency, "1"))
    watching(once=True).join()
    assert (folder / FAILED / "a.jsonl").exists()
    assert (folder / DONE / "b.jsonl").exists()


def test_two_processes_do_not_watch_one_folder(server_settings, folder, watching):
    watching()
    time.sleep(0.5)
    with pytest.raises(Refused, match="watched by another"):
        watch(server_settings, folder, HOW, once=True)


def test_a_second_file_of_the_same_name_does_not_overwrite_the_first(folder):
    for text in ("first", "second", "third"):
        path = folder / "a.csv"
        path.write_text(text)
        move_to_archive(path, Summary(), looks_of(path))
    assert {path.name: path.read_text() for path in (folder / DONE).glob("*.csv")} == {
        "a.csv": "first",
        "a-2.csv": "second",
        "a-3.csv": "third",
    }


def test_a_file_is_complete_when_size_and_time_have_stood_still(folder):
    path = folder / "a.csv"
    path.write_text("1")
    seen = look(folder, {}, now=100.0)
    assert not complete(seen[path], 2.0, now=101.0)
    assert look(folder, seen, now=101.0) == seen
    assert complete(seen[path], 2.0, now=102.0)
    path.write_text("12")
    changed = look(folder, seen, now=103.0)
    assert changed[path] == Look(2, changed[path].modified_ns, 103.0)


def test_folders_and_names_of_unfinished_files_are_passed_over(folder):
    for name in ("a.tmp", "b.PART", "c~", ".d", "e.crdownload", "taken.csv"):
        (folder / name).write_text("x")
    (folder / "sub").mkdir()
    assert [path.name for path in look(folder, {}, 0.0)] == ["taken.csv"]
