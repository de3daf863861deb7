"""The log as JSON: one line an event, with the ids that are known and nothing of the content."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import subprocess
import sys

import pytest

from mekong.deploy import cli
from mekong.deploy.cli.log import JsonLines, begin_log, last_words
from mekong.schemas.errors import Refused
from mekong.schemas.log_ids import correlation_of, ids_of
from mekong.schemas.settings import Settings

CONTENT = "SECRET 0912 345 678"


@pytest.fixture
def written() -> io.StringIO:
    """What was logged."""
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    """A logger whose lines are JSON."""
    found, handler = logging.Logger("mekong.part"), logging.StreamHandler(written)  # noqa: LOG001 - of this test alone
    handler.setFormatter(JsonLines("intake"))
    found.addHandler(handler)
    return found


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_has_its_time_process_and_ids(log, written):
    log.warning("%s is parked", "in.VN-CUSTOMS.v1", extra={"topic": "in.VN-CUSTOMS.v1", "lane": 0})
    [line] = lines(written.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "WARNING",
        "process": "intake",
        "logger": "mekong.part",
        "message": "in.VN-CUSTOMS.v1 is parked",
        "topic": "in.VN-CUSTOMS.v1",
        "lane": 0,
        "agency": "VN-CUSTOMS",
    }


def test_the_text_of_a_foreign_exception_is_nowhere_and_its_place_in_the_code_is(log, written):
    try:
        int(CONTENT)
    except ValueError as exc:
        log.exception("a record failed: %s", exc)  # noqa: TRY401
    [line] = lines(written.getvalue())
    assert CONTENT not in json.dumps(line)
    assert (line["message"], line["error"]) == ("a record failed: ValueError", "ValueError")
    assert "test_json_log.py" in line["trace"][0]


def test_a_sentence_of_the_exchange_stays(log, written):
    log.warning("%s", Refused("give it the right"))
    assert lines(written.getvalue())[0]["message"] == "give it the right"


def test_hostile_text_stays_one_line_of_ascii(log, written):
    log.warning("%s", "a\x1b[31m\n{\u202e\u2028")
    text = written.getvalue()
    assert text.isascii()
    assert text.count("\n") == 1
    assert json.loads(text)["message"] == "a\x1b[31m\n{\u202e\u2028"


def test_for_people_the_last_sentence_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.WARNING))
    begin_log(Settings(), "intake")
    assert not last_words("a sentence")
    cli._say_last("a sentence")
    assert capsys.readouterr().err == "mekong: a sentence\n"


def test_ids_of_a_record_are_those_that_look_like_ids():
    value = json.dumps({"agency": "VN-CUSTOMS", "event_id": "0f0e", "correlation_id": CONTENT, "case_no": CONTENT, "lines": []}).encode()
    assert ids_of(value) == {"agency": "VN-CUSTOMS", "event_id": "0f0e", **correlation_of(CONTENT.encode())}
    assert ids_of(b'{"member": "LA-CUSTOMS", "agency": "VN-CUSTOMS"}') == {"agency": "VN-CUSTOMS"}
    assert ids_of(b'{"member": "LA-CUSTOMS", "agency": 7}') == {"agency": "LA-CUSTOMS"}
    assert [ids_of(value) for value in (None, b"{", b"[1]", b"\xff")] == [{}] * 4


@pytest.mark.parametrize("header", [b"HN-77-2026", b"two words", b"\xff"])
def test_a_senders_own_id_is_logged_as_a_hash_only(header):
    assert correlation_of(header) == {"correlation": hashlib.sha256(header).hexdigest()[:12]}


def test_no_id_of_the_sender_has_no_hash_and_one_that_is_no_text_does_no_harm():
    assert correlation_of(b"") == {}
    assert ids_of(rb'{"correlation_id": "\ud800"}') == {}


def test_an_exception_inside_an_argument_has_no_text_either(log, written):
    foreign = ValueError(CONTENT)
    log.warning("%(why)s", {"why": foreign})
    log.warning("%s %s", [foreign, (foreign,)], {"why": foreign})
    log.warning(foreign)
    assert CONTENT not in written.getvalue()
    assert [line["message"] for line in lines(written.getvalue())] == [
        "ValueError",
        "['ValueError', ('ValueError',)] {'why': 'ValueError'}",
        "ValueError",
    ]


def test_what_an_exception_was_raised_from_is_named_by_type_and_place(log, written):
    try:
        try:
            int(CONTENT)
        except ValueError as inner:
            raise KeyError(CONTENT) from inner
    except KeyError:
        log.exception("failed")
    [line] = lines(written.getvalue())
    assert CONTENT not in json.dumps(line)
    assert [one["error"] for one in line["causes"]] == ["ValueError"]
    assert "test_json_log.py" in line["causes"][0]["trace"][0]


def test_causes_that_go_in_a_circle_end(log, written):
    one, two = ValueError("1"), ValueError("2")
    one.__cause__, two.__cause__ = two, one
    log.error("failed", exc_info=one)
    assert len(lines(written.getvalue())[0]["causes"]) == 1


_PROCESS = """
import asyncio, gc, logging, sys, threading, warnings
from mekong.deploy.cli import _say_last
from mekong.deploy.cli.log import begin_log
from mekong.schemas.settings import Settings

CONTENT = sys.argv[1]
begin_log(Settings(log="json"), "intake")

async def failing():
    raise ValueError(CONTENT)

async def run():
    task = asyncio.create_task(failing())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(int, CONTENT)
    await asyncio.sleep(0.01)

class Failing:
    def __del__(self):
        raise ValueError(CONTENT)

asyncio.run(run())
Failing()
warnings.warn_explicit("old", DeprecationWarning, "a_file.py", 7)
logging.warning("%d", CONTENT)
for target in (sys.exit, lambda: int(CONTENT)):
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
_say_last("the group of this machine is wrong")
"""


@pytest.mark.processes
def test_all_that_a_process_writes_is_lines_without_the_text_of_a_foreign_exception():
    said = subprocess.run(
        [sys.executable, "-W", "always", "-c", _PROCESS, CONTENT], stderr=subprocess.PIPE, text=True, timeout=60, check=True
    ).stderr
    assert CONTENT not in said
    found = lines(said)
    assert {line["process"] for line in found} == {"intake"}
    assert [(line["level"], line["message"], line.get("error")) for line in found] == [
        ("ERROR", "Task exception was never retrieved", "ValueError"),
        ("ERROR", "Exception in callback int", "ValueError"),
        ("ERROR", "a failure that nothing could handle: ValueError", "ValueError"),
        ("WARNING", "a_file.py:7: DeprecationWarning: old", None),
        ("ERROR", "a line could not be logged: TypeError at <string>:28", None),
        ("CRITICAL", "ended by ValueError", "ValueError"),
        ("CRITICAL", "the group of this machine is wrong", None),
    ]
