"""A watched folder in which things are not as they should be; the sending itself is stood in for."""

from __future__ import annotations

import json
import os
import threading

import pytest

from mekong.producers import folder as folders
from mekong.producers.archive import DONE
from mekong.producers.files import SendOptions, name_of, send_file
from mekong.producers.folder import look, watch
from mekong.producers.formats import BY_NAME
from mekong.producers.ledger import Summary
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings

HOW = SendOptions(BY_NAME["json"])


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """Watches a folder once, every file being taken as a good one after ``before`` was done to it."""

    def once(before=None):
        def send_file(settings, path, how, settled):
            if before:
                before(path)
            summary = Summary(read=1, sent=1)
            settled(summary)
            return summary

        monkeypatch.setattr(folders, "send_file", send_file)
        stop = threading.Event()
        timer = threading.Timer(10, stop.set)
        timer.start()
        failed = watch(Settings(), tmp_path, HOW, settle_s=0, once=True, stop=stop)
        timer.cancel()
        assert not stop.is_set(), "it did not end"
        return failed

    return once


def test_a_file_whose_name_is_no_utf_8_is_put_away_with_a_report_that_names_it(tmp_path, watched):
    descriptor = os.open(os.fsencode(tmp_path) + b"/s\xfat.jsonl", os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, b"{}\n")
    os.close(descriptor)
    assert watched() == 0
    (report,) = (tmp_path / DONE).glob("*.report.json")
    assert json.loads(report.read_text())["file"] == "s�t.jsonl"
    assert os.path.lexists(os.fsencode(tmp_path / DONE) + b"/s\xfat.jsonl")
    assert name_of(tmp_path / os.fsdecode(b"s\xfat.jsonl")).encode()


def test_once_ends_with_a_failure_when_a_file_cannot_be_read_and_the_others_are_taken(tmp_path, watched):
    for name in ("a", "b"):
        (tmp_path / name).write_text("{}\n")

    def refuse(path):
        if path.name == "a":
            raise PermissionError(13, "Permission denied")

    assert watched(refuse) == 1
    assert (tmp_path / "a").exists()
    assert (tmp_path / DONE / "b").exists()


def test_no_report_takes_the_name_of_an_earlier_file(tmp_path, watched):
    (tmp_path / "x.report.json").write_text("mine")
    watched()
    (tmp_path / "x").write_text("{}\n")
    watched()
    assert (tmp_path / DONE / "x.report.json").read_text() == "mine"
    assert (tmp_path / DONE / "x-2.report.json").exists()


def test_another_file_of_the_same_size_and_time_is_not_taken_for_the_one_that_was_sent(tmp_path, watched):
    (tmp_path / "a").write_text("1")
    sent = []

    def replace(path):
        sent.append(path.read_text())
        if len(sent) == 1:
            new, stat = path.with_name(".new"), path.stat()
            new.write_text("2")
            os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            new.replace(path)

    assert watched(replace) == 0
    assert sent == ["1", "2"]
    assert (tmp_path / DONE / "a").read_text() == "2"


def test_a_pipe_is_refused_as_a_file_before_it_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="standard input"):
        send_file(Settings(), tmp_path / "pipe", HOW)


def test_a_link_that_leads_nowhere_is_passed_over(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "long").symlink_to("n" * 300)
    assert look(tmp_path, {}, 0.0) == {}
