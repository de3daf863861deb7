"""`mekong events` on the real broker: what was missed, what comes, resumption, filters, tokens."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

TOKEN = "a-token-of-enough-letters"
EXAMPLES = Path(__file__).parents[2] / "examples" / "alerts" / "good-shared"
ALERT, HOUR = (json.loads((EXAMPLES / name).read_text()) for name in ("alert.json", "hour.json"))
pytestmark = pytest.mark.integration


def alert(number: int, **changed: object) -> bytes:
    return json.dumps({**ALERT, "member": "VN-CUSTOMS", "alert": {**ALERT["alert"], "observed": number, **changed}}).encode()


class Server:
    """The process, and requests to it."""

    def __init__(self, exchange: Any) -> None:
        tokens = exchange.folder / "tokens"
        tokens.write_text(f"VN-CUSTOMS {TOKEN}\nLA-CUSTOMS second-{TOKEN}\nKH-CUSTOMS third-{TOKEN}\n")
        self._process = exchange.mekong("events", "--listen", "127.0.0.1:0", env={"MEKONG_STREAM_TOKENS": str(tokens)})
        exchange.wait_until(lambda: self._found() is not None, "the server listens", 40)
        found = self._found()
        assert found is not None
        self.port = int(found[1])

    def _found(self) -> re.Match[str] | None:
        return re.search(r"ready: http://127\.0\.0\.1:(\d+)/", self._process.last_words(20))

    @contextmanager
    def get(self, query: str = "", token: str = TOKEN, **headers: str) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/v1/alerts/stream{query}", headers={"authorization": f"Bearer {token}", **given})
        answer = connection.getresponse()
        yield answer
        answer.close()
        connection.close()


def events(answer: http.client.HTTPResponse, count: int) -> list[tuple[int, int]]:
    """Id and observed count of the next events."""
    found, last = [], -1
    while len(found) < count:
        line = answer.readline().decode().rstrip("\n")
        if line.startswith("id: "):
            last = int(line[4:])
        elif line.startswith("data: "):
            found.append((last, json.loads(line[6:])["alert"]["observed"]))
    return found


@pytest.fixture
def server(exchange: Any) -> Server:
    return Server(exchange)


def test_a_reader_gets_what_it_missed_and_what_comes_and_resumes_where_it_was(exchange, server):
    exchange.share(alert(1), json.dumps(HOUR).encode(), alert(2), b"no record")
    with server.get() as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert events(answer, 2) == [(0, 1), (2, 2)]
        exchange.share(alert(3), alert(4))
        assert events(answer, 2) == [(4, 3), (5, 4)]
    exchange.share(alert(5))
    with server.get(last_event_id="4") as answer:
        assert events(answer, 2) == [(5, 4), (6, 5)]
    with server.get("?last_event_id=5") as first, server.get("?last_event_id=0") as second:
        assert events(first, 1) == [(6, 5)]
        assert events(second, 4) == [(2, 2), (4, 3), (5, 4), (6, 5)]
        exchange.share(alert(6))
        assert events(first, 1) == events(second, 1) == [(7, 6)]


def test_a_filter_holds_back_and_a_late_joiner_may_say_from_when(exchange, server):
    second = f"second-{TOKEN}"
    share = partial(exchange.share, member="LA-CUSTOMS")
    share(alert(1), alert(2, tier="NOTICE"), alert(3, commodity_group="fauna"), alert(4))
    with server.get("?tier=SEVERE&commodity_group=drug&since=2020-01-01T00:00:00Z", second) as answer:
        assert events(answer, 2) == [(0, 1), (3, 4)]
        share(alert(5, kind="MAJOR"), alert(6, tier="NOTICE"), alert(7))
        assert events(answer, 2) == [(4, 5), (6, 7)]
    with server.get("?since=2100-01-01T00:00:00Z&kind=SPIKE", second) as answer:
        share(alert(8))
        assert events(answer, 1) == [(7, 8)]


def test_a_request_that_cannot_be_served_is_told_why(server):
    for query, token, last, status, said in (
        ("", "no-token-of-ours-at-all", "", 401, "token"),
        ("", f"third-{TOKEN}", "", 400, "KH-CUSTOMS"),
        ("?kind=SPIKY", TOKEN, "", 400, "SPIKE"),
        ("?since=yesterday", TOKEN, "", 400, "since"),
        ("", TOKEN, "x", 400, "Last-Event-ID"),
        ("", TOKEN, "999999", 400, "another deployment"),
    ):
        with server.get(query, token, last_event_id=last) as answer:
            assert answer.status == status
            assert said in json.loads(answer.read())["error"]
