"""What a ClickHouse that is in trouble answers, and what we make of it. The server is a stand-in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.sinks.clickhouse.client import Database, _sort


class _Silent(BaseHTTPRequestHandler):
    """200 and nothing, to all but the questions that a test wants answered."""

    answers: Mapping[bytes, bytes] = {}

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = next((answer for words, answer in self.answers.items() if words in asked), b"")
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(params=[{}, {b"version()": b"26.9.1\tUTC\n"}], ids=["from the first question on", "after the first question"])
def silent(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A server that answers with nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Some", (_Silent,), {"answers": request.param}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Database(f"http://u:p@127.0.0.1:{server.server_port}/d")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda database: database.value("SELECT 1"), id="value"),
        pytest.param(lambda database: database.query("SELECT 1"), id="query"),
        pytest.param(lambda database: database.text("SELECT 1", "CSV"), id="a person's question"),
        pytest.param(lambda database: database.insert("INSERT INTO t", b"", "q"), id="insert"),
        pytest.param(lambda database: database.command("SELECT 1"), id="command"),
    ],
)
def test_an_answer_without_a_word_is_waited_out_and_said_plainly(silent, ask):
    with pytest.raises(Retriable) as raised:
        ask(silent)
    assert "disk" in str(raised.value)
    assert "transport" not in str(raised.value)


def error(code: int, said: str) -> DatabaseError:
    found = DatabaseError(f"Received ClickHouse exception, code: {code}, server response: Code: {code}. DB::Exception: {said}")
    found.code = code
    return found


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (243, "Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)"),
        (75, "Cannot write to file: /data/x, errno: 28, strerror: No space left on device. (CANNOT_WRITE_TO_FILE_DESCRIPTOR)"),
        (1001, 'std::exception. Code: 1001, e.what() = filesystem error: in create_directories: No space left on device ["/data/x"]'),
    ],
)
def test_a_full_disk_is_waited_out_whatever_its_code(code, said):
    found = _sort("an insert", error(code, said))
    assert isinstance(found, Retriable)
    assert f"its disk is full (code {code})" in str(found)


@pytest.mark.parametrize(("code", "kind"), [(252, Retriable), (516, Refused), (9_999, Fatal), (75, Fatal)])
def test_other_errors_are_sorted_by_their_code(code, kind):
    assert isinstance(_sort("an insert", error(code, "errno: 280, something else")), kind)
