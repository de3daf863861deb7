"""Which file of a watched folder is taken when: in order, when its writer is done, and again when he was not."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager

import pytest

from mekong.producers import folder as folders
from mekong.producers.archive import DONE, FAILED, HELD, move_to_archive, written_again
from mekong.producers.files import SendOptions, looks_of
from mekong.producers.folder import Look, in_order, watch
from mekong.producers.formats import BY_NAME
from mekong.producers.ledger import Rejection, Summary
from mekong.producers.questions import NotAnswered, Question
from mekong.producers.writers import Writers
from mekong.schemas.errors import Retriable
from mekong.schemas.rejected import Reason
from mekong.schemas.settings import Settings

HOW = SendOptions(BY_NAME["json"])


class Exchange:
    """Takes files; ``before`` may do something to one first, or raise."""

    def __init__(self) -> None:
        self.before, self.sent = (lambda _path: None), []

    def send_file(self, settings, path, how, settled):
        self.before(path)
        self.sent.append((path.name, path.read_text()))
        summary = Summary(read=1, sent=1)
        if path.read_text().startswith("bad"):
            summary.refusals.append(Rejection("line 1", "", "", Reason.NOT_JSON, "message", "no JSON"))
        settled(summary)
        return summary

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


@pytest.fixture
def exchange(monkeypatch):
    found = Exchange()
    monkeypatch.setattr(folders, "send_file", found.send_file)
    monkeypatch.setattr(folders, "_AGAIN_S", 0.05)
    return found


@contextmanager
def watching(folder, settle_s=0.1):
    """A watch that runs meanwhile."""
    stop = threading.Event()
    thread = threading.Thread(target=watch, args=[Settings(), folder, HOW], kwargs={"settle_s": settle_s, "stop": stop})
    thread.start()
    time.sleep(0.3)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_for(holds, within_s=10.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def a_file(folder, name: str, text: str = "{}\n", modified_s: float | None = None):
    path = folder / name
    path.write_text(text)
    if modified_s is not None:
        os.utime(path, (modified_s, modified_s))
    return path


def once(folder, **more) -> int:
    return watch(Settings(), folder, HOW, settle_s=0, once=True, **more)


def test_files_are_taken_in_the_order_in_which_they_were_written(tmp_path, exchange):
    for name, modified_s in (("b", 100), ("c", 50), ("a", 200)):
        a_file(tmp_path, name, modified_s=modified_s)
    assert once(tmp_path) == 0
    assert exchange.names == ["c", "b", "a"]


def test_a_newer_file_does_not_overtake_one_that_waits_for_the_exchange(tmp_path, exchange):
    for number in range(3):
        a_file(tmp_path, str(number), modified_s=number)
    outages = iter([True, True, False])

    def outage(path):
        if path.name == "1" and next(outages):
            raise Retriable("no broker answers")

    exchange.before = outage
    assert once(tmp_path) == 0
    assert exchange.names == ["0", "1", "2"]


def test_a_file_whose_receipts_are_missing_is_not_overtaken_either(tmp_path, exchange, monkeypatch):
    for number in range(2):
        a_file(tmp_path, str(number), modified_s=number)
    missing = iter([1, 0])
    sent = []

    def send_file(settings, path, how, settled):
        sent.append(path.name)
        summary = Summary(read=1, sent=1, unanswered=next(missing, 0))
        if not summary.unanswered:
            settled(summary)
        return summary

    monkeypatch.setattr(folders, "send_file", send_file)
    once(tmp_path)
    assert sent == ["0", "0", "1"]


def test_a_file_that_cannot_be_read_holds_nobody_up_and_is_tried_again(tmp_path, exchange, monkeypatch):
    monkeypatch.setattr(folders, "_PASSED_OVER_S", 0.5)
    a_file(tmp_path, "a", modified_s=1)
    a_file(tmp_path, "b", modified_s=2)
    refusals = iter([True, False])

    def refuse(path):
        if path.name == "a" and next(refusals):
            raise PermissionError(13, "Permission denied")

    exchange.before = refuse
    with watching(tmp_path):
        wait_for(lambda: exchange.names == ["b", "a"])


def test_one_that_still_has_to_stand_still_is_not_overtaken_by_one_that_was_seen_closed(tmp_path):
    with Writers(tmp_path) as writers:
        writers._closed.add("b")
        seen = {tmp_path / "a": Look(1, 1, 100.0), tmp_path / "b": Look(1, 2, 100.0)}
        assert in_order(seen, writers, 2.0, 102.0) == []
        assert in_order(seen, writers, 2.0, 109.9) == []
        assert in_order(seen, writers, 2.0, 110.0) == [tmp_path / "a", tmp_path / "b"]
        assert in_order({tmp_path / "b": Look(1, 2, 100.0)}, writers, 2.0, 102.0) == [tmp_path / "b"]


def test_a_file_is_left_alone_until_its_writer_closes_it_however_long_he_pauses(tmp_path, exchange):
    with watching(tmp_path):
        with (tmp_path / "slow").open("w") as file:
            file.write("first half, ")
            file.flush()
            time.sleep(1.5)
            assert exchange.sent == []
            file.write("second half")
        wait_for(lambda: exchange.sent)
    assert exchange.sent == [("slow", "first half, second half")]


def test_a_writer_that_renames_before_he_closes_is_waited_for(tmp_path, exchange):
    with watching(tmp_path, settle_s=0.6):  # inotify tells of a move half a second later
        with (tmp_path / "x.part").open("w") as file:
            file.write("first half, ")
            file.flush()
            (tmp_path / "x.part").rename(tmp_path / "x")
            time.sleep(4.0)
            assert exchange.sent == []
            file.write("second half")
        wait_for(lambda: exchange.sent)
    assert exchange.sent == [("x", "first half, second half")]


def test_a_file_that_is_moved_in_is_taken_at_once(tmp_path, exchange):
    watched, elsewhere = tmp_path / "watched", a_file(tmp_path, "elsewhere")
    watched.mkdir()
    with watching(watched, settle_s=1.0):
        elsewhere.rename(watched / "x")
        wait_for(lambda: exchange.names == ["x"], within_s=4.0)


def test_without_inotify_a_file_must_stand_still_for_longer(tmp_path, exchange, monkeypatch):
    def none(**_more):
        raise OSError(24, "no inotify instance is left")

    monkeypatch.setattr("watchdog.observers.inotify.InotifyObserver", none)
    with watching(tmp_path, settle_s=0.2):
        a_file(tmp_path, "x")
        time.sleep(0.6)
        assert exchange.sent == []
        wait_for(lambda: exchange.names == ["x"])


def test_an_empty_file_waits_until_something_is_in_it(tmp_path, exchange):
    a_file(tmp_path, "empty", "")
    assert once(tmp_path) == 0
    assert (tmp_path / "empty").exists()
    with watching(tmp_path):
        time.sleep(0.8)
        a_file(tmp_path, "empty", "{}\n")
        wait_for(lambda: exchange.sent == [("empty", "{}\n")])


def test_a_file_that_grows_after_it_was_put_away_is_taken_again(tmp_path, exchange):
    with watching(tmp_path):
        file = a_file(tmp_path, "x", "first half, ").open("a")  # a writer on another machine: nobody sees that it is open
        wait_for((tmp_path / DONE / "x").exists)
        file.write("second half")
        file.close()
        wait_for((tmp_path / DONE / "x-2").exists)
    assert [text for _, text in exchange.sent] == ["first half, ", "first half, second half"]
    assert [path.name for path in sorted((tmp_path / DONE).glob("*.json"))] == ["x-2.report.json", "x.report.json"]


def test_a_failed_file_that_was_mended_where_it_lies_is_taken_again_by_the_next_watch(tmp_path, exchange):
    a_file(tmp_path, "x", "bad\n")
    assert once(tmp_path) == 1
    (tmp_path / FAILED / "x").write_text("good\n")
    assert once(tmp_path) == 0
    assert (tmp_path / DONE / "x").read_text() == "good\n"
    assert once(tmp_path) == 0
    assert len(exchange.sent) == 2


def test_what_is_only_touched_in_the_future_or_has_no_report_of_ours_is_left_where_it_is(tmp_path):
    path = a_file(tmp_path, "future", modified_s=time.time() + 10_000)
    move_to_archive(path, Summary(), looks_of(path))
    a_file(tmp_path / DONE, "theirs")
    a_file(tmp_path / DONE, "theirs.report.json", "[]", modified_s=1)
    a_file(tmp_path / DONE, "older")
    a_file(tmp_path / DONE, "older.report.json", json.dumps({"file": "older"}), modified_s=1)
    a_file(tmp_path / DONE, "gone.report.json", "{}")
    assert list(written_again(tmp_path)) == []


def test_a_file_that_was_written_to_just_before_it_is_moved_is_not_put_away(tmp_path):
    path = a_file(tmp_path, "x")
    looks = looks_of(path)
    path.write_text("more than before")
    assert move_to_archive(path, Summary(), looks) is None
    assert [found.name for found in tmp_path.rglob("*") if found.is_file()] == ["x"]


def test_a_file_with_a_question_is_held_with_the_question_and_what_to_do(tmp_path, exchange):
    def ask(path):
        if path.name == "a":
            raise NotAnswered("a", [Question("Rows look like the total of a table (1)", ("line 7: 42 kg",), 1)])

    exchange.before = ask
    a_file(tmp_path, "a", modified_s=1)
    a_file(tmp_path, "b", modified_s=2)
    told = []
    assert once(tmp_path, on_file=lambda path, summary: told.append((path.name, summary.good))) == 1
    assert told == [("a", False), ("b", True)]
    assert (tmp_path / HELD / "a").exists()
    assert (tmp_path / DONE / "b").exists()
    report = (tmp_path / HELD / "a.report.txt").read_text()
    for expected in ("a: held, nothing was sent", "Rows look like the total of a table (1):", "line 7: 42 kg", "`mekong send` and --yes"):
        assert expected in report
    assert json.loads((tmp_path / HELD / "a.report.json").read_text())["held"][1] == "  line 7: 42 kg"
