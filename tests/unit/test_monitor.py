"""What a process serves about itself: figures, whether it is alive, whether it is ready."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry

from mekong.deploy import monitor as monitoring
from mekong.deploy.local.ports import is_free
from mekong.deploy.monitor import address, application, monitor
from mekong.schemas import measured, metrics
from mekong.schemas.condition import Condition
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_without_a_host_is_of_this_machine_alone(text, found):
    assert address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        ":9464",
        "here",
        "127.0.0.1:",
        "127.0.0.1:99999",
        "127.0.0.1:٣",
        "-1",
        "9" * 5_000,
        "127.0.0.1:" + "9" * 5_000,
        "a\0b:9464",
        "a..b:9464",
        "ü" * 64 + ":9464",
    ],
)
def test_an_address_that_is_none_is_refused_with_what_to_write(text):
    with pytest.raises(Refused, match=r"MEKONG_METRICS: .* is not an address. Write a port"):
        address(text)


def ask(path: str, condition: Condition, method: str = "GET", host: str = "127.0.0.1:9464") -> tuple[str, str]:
    said: list[str] = []
    asked = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": host}
    body = application("intake", condition, only_here=True)(asked, lambda status, _headers, *_: said.append(status))
    return said[0], b"".join(body).decode()


def test_it_is_ready_when_no_part_misses_anything():
    condition = Condition()
    assert ask("/readyz", condition) == ("503 Service Unavailable", "The process is starting.\n")
    condition.report("one", "One waits.")
    condition.report("two", "Two waits.")
    assert ask("/readyz", condition) == ("503 Service Unavailable", "One waits. Two waits.\n")
    condition.report("one")
    condition.report("two")
    assert ask("/readyz", condition) == ("200 OK", "intake is ready.\n")


def test_it_is_alive_until_a_part_has_not_beaten_in_time():
    now = [100.0]
    condition = Condition(lambda: now[0])
    assert ask("/livez", condition)[0] == "200 OK"
    condition.beat("the event loop of intake", 60)
    now[0] = 160.0
    assert ask("/livez", condition) == ("200 OK", "intake is alive.\n")
    now[0] = 161.0
    assert ask("/livez", condition) == ("503 Service Unavailable", "the event loop of intake has not moved for 61 s.\n")
    condition.beat("the event loop of intake", 60)
    assert ask("/livez", condition)[0] == "200 OK"


def test_it_answers_nothing_else():
    assert ask("/", Condition()) == ("404 Not Found", "There are /metrics, /livez and /readyz.\n")
    assert ask("/readyz", Condition(), "POST")[0] == "405 Method Not Allowed"


def test_an_answer_to_head_has_no_body():
    assert ask("/livez", Condition(), "HEAD") == ("200 OK", "")
    assert ask("/metrics", Condition(), "HEAD") == ("200 OK", "")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:9464", "10.0.0.5", ""])
def test_an_address_of_this_machine_answers_only_a_request_that_names_this_machine(host):
    assert ask("/metrics", Condition(), host=host)[0] == "421 Misdirected Request"
    assert ask("/livez", Condition(), host="localhost:9464")[0] == "200 OK"


@pytest.fixture
def where(monkeypatch) -> tuple[str, int]:
    """A monitor that listens."""
    monkeypatch.setattr(measured, "measure_process", lambda: None)
    monkeypatch.setattr(monitoring, "_ANSWER_WITHIN_S", 2.0)
    found = urlsplit(monitor(Settings(metrics="0"), "a-process"))
    return str(found.hostname), int(found.port or 0)


def test_a_connection_that_sends_slowly_is_cut(where):
    with socket.create_connection(where, timeout=10) as slow:
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < 6 and slow.send(b"G"):  # each byte in time
                time.sleep(0.1)
        assert time.monotonic() - began < 4


def test_of_many_connections_only_some_are_open_and_the_next_scrape_is_answered(where):
    others = set(threading.enumerate())  # other tests may have left threads that have not ended yet
    with ExitStack() as opened:
        many = [opened.enter_context(socket.create_connection(where, timeout=10)) for _ in range(30)]
        began = time.monotonic()
        assert [one.recv(1) for one in many[8:]] == [b""] * 22
        assert time.monotonic() - began < 1.5
        assert sum(thread.name.startswith("Thread-") for thread in threading.enumerate() if thread not in others) <= 8 * 2 + 2
        assert many[0].recv(1) == b""
    time.sleep(0.2)
    assert scraped(where).startswith(b"HTTP/1.0 200 OK")


def test_after_a_connection_that_the_system_cannot_give_it_pauses(monkeypatch):
    def fails():
        raise OSError(24, "Too many open files")

    paused: list[float] = []
    monkeypatch.setattr(monitoring.time, "sleep", paused.append)
    server = monitoring._Server.__new__(monitoring._Server)
    server.socket = SimpleNamespace(accept=fails)
    with pytest.raises(OSError, match="Too many"):
        server.get_request()
    assert paused == [0.5]


def test_a_client_that_resets_its_connection_leaves_nothing_in_the_log(where, capfd):
    for _ in range(3):
        with socket.create_connection(where, timeout=10) as gone:
            gone.sendall(b"GET /metr")
            time.sleep(0.1)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.5)
    assert capfd.readouterr().err == ""


def test_an_answer_that_fails_is_a_500_and_leaves_no_trace_in_the_log(monkeypatch, capfd):
    def fails(*_):
        raise ValueError("a defect")

    monkeypatch.setattr(measured, "measure_process", lambda: None)
    monkeypatch.setattr(monitoring, "application", lambda *_, **__: fails)
    found = urlsplit(monitor(Settings(metrics="0"), "a-process"))
    assert scraped((str(found.hostname), int(found.port or 0))).startswith(b"HTTP/1.0 500")
    assert "a defect" not in capfd.readouterr().err


def scraped(where: tuple[str, int]) -> bytes:
    with socket.create_connection(where, timeout=10) as asking:
        asking.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: asking.recv(4_096), b""))


_SERVE = """
import sys, time
from mekong.deploy.monitor import monitor
from mekong.schemas.settings import Settings
print(monitor(Settings(metrics=sys.argv[1]), "a-process"), flush=True)
time.sleep(30)
"""


@pytest.mark.processes
def test_a_process_starts_again_at_its_address_right_after_a_scrape_and_writes_no_count_into_a_file():
    at = "0"
    for _ in range(2):
        elsewhere = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": "/does/not/exist"}
        with subprocess.Popen([sys.executable, "-c", _SERVE, at], stdout=subprocess.PIPE, text=True, env=elsewhere) as process:
            said = process.stdout.readline() if process.stdout else ""
            at = f"127.0.0.1:{urlsplit(said).port}"
            found = scraped(("127.0.0.1", int(at.partition(":")[2])))
            assert b"mekong_ready 0.0" in found
            assert b"mekong_last_tick" not in found, "it is not the clock"
            assert is_free(int(at.partition(":")[2])) is False
            process.kill()
        assert is_free(int(at.partition(":")[2]))


def test_without_the_setting_nothing_listens():
    assert monitor(Settings(), "intake") == ""


def test_an_address_that_another_process_has_is_refused(monkeypatch):
    monkeypatch.setattr(measured, "REGISTRY", CollectorRegistry())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Refused, match=r"cannot listen on .* Each process needs an address of its own"):
            monitor(Settings(metrics=f"127.0.0.1:{taken.getsockname()[1]}"), "intake")


def test_figures_are_served_as_prometheus_reads_them(monkeypatch):
    monkeypatch.setattr(measured, "measure_process", lambda: None)
    measured.begin(table="a-table")
    measured.count(metrics.STORED, 3, table="a-table")
    found = monitor(Settings(metrics="0"), "a-process")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(found, timeout=10) as answer:
        text = answer.read().decode()
    assert 'mekong_rows_stored_total{table="a-table"} 3.0' in text
    assert 'mekong_dead_letters_total{table="a-table"} 0.0' in text
    assert 'mekong_process_info{process="a-process"' in text
    assert "_created" not in text


def test_a_topic_that_is_not_read_any_more_has_no_figure():
    measured.put_all(metrics.LAG, {"in.A.v1": 5, "in.B.v1": 6}, "topic", stage="one")
    measured.put_all(metrics.LAG, {"in.A.v1": 1}, "topic", stage="two")
    measured.put_all(metrics.LAG, {"in.B.v1": 7}, "topic", stage="one")
    found = {
        (one.labels["stage"], one.labels["topic"]): one.value
        for one in measured.REGISTRY.collect()
        for one in one.samples
        if one.name == metrics.LAG.name and one.labels["stage"] in {"one", "two"}
    }
    assert found == {("one", "in.B.v1"): 7, ("two", "in.A.v1"): 1}


def test_a_process_shows_only_its_own_metrics(monkeypatch):
    registry = CollectorRegistry()
    monkeypatch.setattr(measured, "REGISTRY", registry)
    monkeypatch.setattr(measured, "_shown", set())
    measured.put(metrics.LAST_TICK, 0)
    measured.put(metrics.LAST_TICK, 7)
    assert [(one.name, one.value) for family in registry.collect() for one in family.samples] == [(metrics.LAST_TICK.name, 7)]
