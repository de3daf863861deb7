"""No request of a browser, a proxy or an attacker makes the sender's page fail inside: odd methods, headers, cookies and forms."""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekong.deploy.web.serve import application
from mekong.producers.gateway.activations import Activations
from mekong.producers.gateway.quota import Limits, Quotas
from mekong.producers.page.routes import routes
from mekong.schemas.activations import PATH as ACTIVATE
from mekong.schemas.wire import encode
from tests.unit.filled import filled
from tests.unit.test_activations import CODE, FIRST, OTHER_CODE, Topic, link
from tests.unit.test_gateway import TEXT
from tests.unit.test_send_page import Answering

BROKER = Answering()
BROKER.quotas = Quotas(Limits(10**9, 10**12), 0.0)
BROKER.is_closed = True  # a stream of events ends at once
BROKER.book.apply(link().key, encode(link()))
TOPIC = Topic(BROKER.book)
BROKER.activations = Activations(BROKER.book, TOPIC)
PAGE = routes(BROKER)
APP = application(PAGE)
PATHS = sorted({route.path for route in PAGE})
FORMS = sorted(route.path for route in PAGE if "POST" in (route.methods or ()))
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "")
HOST = b"exchange.example"
ENCODED, MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"
ODD = [
    (b"x-page-part", b"1"),
    (b"x-page-part", b"\xff"),
    (b"accept", b"text/event-stream"),
    (b"accept-language", b"\xff\xfe,,;q=;vi-\xc3,zh;q=nan"),
    (b"host", b""),
    (b"host", b"["),
    (b"host", b"[::1"),
    (b"host", b"a b:99999999"),
    (b"host", b"\xff"),
    (b"host", b"127.0.0.1"),
    (b"origin", b"http://["),
    (b"origin", b"https://exchange.example:port"),
    (b"origin", b"\xff"),
    (b"origin", "https://\u2100.example".encode()),
    (b"content-length", b"9" * 5_000),
    (b"content-length", b"-1"),
    (b"content-encoding", b"br"),
    (b"content-encoding", b"gzip"),
    (b"content-type", b"multipart/form-data"),
    (b"content-type", b"multipart/form-data; boundary="),
    (b"content-type", b"multipart/form-data; boundary=" + b"x" * 5_000),
    (b"content-type", b"text/plain; charset=\xff"),
    (b"cookie", b"\xff=\xff; __Host-mekong-ticket; =; mekong-language=\xff"),
    (b"cookie", b'__Host-mekong-ticket="\\777\\'),
    (b"cookie", "__Host-mekong-ticket=0123abcd-\u0661\u0662-x".encode()),
    (b"cookie", b"a=b;" * 2_000),
    (b"range", b"bytes=-"),
    (b"range", b"bytes=5-1,99999999-,-0"),
    (b"range", b"\xff"),
    (b"if-range", b"\xff"),
    (b"authorization", b"\xff"),
    (b"last-event-id", b"\xff"),
]
QUERIES = [
    b"lang=\xff",
    b"lang[]=vi",
    b"after=in.VN-CUSTOMS.v1@\xd9\xa1",
    b"after=%ff%00",
    b"before=%ed%a0%80",
    b"limit=x&wait=-1",
    b"&&==%",
]


class Answer(NamedTuple):
    """What the page answers."""

    status: int
    body: bytes


def ask(method: str, path: str, headers=(), body: bytes = b"", query: bytes = b"", *, entered: bool = True) -> Answer:
    """One request; a header of ``headers`` takes the place of the usual one."""
    BROKER.stored.clear()
    usual = {b"host": HOST, b"origin": b"https://" + HOST, b"content-type": ENCODED}
    if entered:
        usual[b"cookie"] = f"__Host-mekong-ticket={BROKER.book.ticket(TEXT)}".encode()
    given = [*((name, value) for name, value in usual.items() if name not in dict(headers)), *headers]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https", "path": path}
    scope |= {"raw_path": path.encode(), "query_string": query, "headers": given, "server": ("10.0.0.1", 443), "client": ("10.0.0.2", 1)}
    return asyncio.run(_answered(scope, body))


async def _answered(scope, body: bytes) -> Answer:
    coming = [{"type": "http.request", "body": body, "more_body": False}]
    sent = []

    async def receive():
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await APP(scope, receive, send)
    assert sent, "the request has no answer"
    return Answer(sent[0]["status"], b"".join(one.get("body", b"") for one in sent))


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


@pytest.mark.parametrize("path", PATHS)
def test_no_method_fails_on_a_route(path):
    for method in METHODS:
        for entered in (True, False):
            assert ask(method, path, entered=entered).status < 500, (method, entered)


@pytest.mark.parametrize("path", PATHS)
def test_no_header_fails_on_a_route(path):
    method = "POST" if path in FORMS else "GET"
    for header in ODD:
        for entered in (True, False):
            assert ask(method, path, [header], entered=entered).status < 500, (header, entered)


@pytest.mark.parametrize("path", PATHS)
def test_no_query_fails_on_a_route(path):
    for query in QUERIES:
        for headers in ((), [(b"accept", b"text/event-stream")]):
            assert ask("POST" if path in FORMS else "GET", path, headers, query=query).status < 500, (query, headers)


BODIES = {
    "nothing": (MULTIPART, b""),
    "bytes that are not a form": (MULTIPART, b"\xff\x00" * 100),
    "a text that is not UTF-8": (ENCODED, b"token=%ff%fe&layout_text=%ed%a0%80&accept=%00&now=%d9%a1"),
    "a name that is not UTF-8": (ENCODED, b"%ff=1&field.A=case_no&heading.A=%ff\xff"),
    "half a part": (MULTIPART, part(b"layout_text", b"x")[:-1]),
    "a part without a name": (MULTIPART, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
    "a part without a header": (MULTIPART, b"--x\r\n\r\n1\r\n--x--\r\n"),
    "a text as a sheet": (MULTIPART, part(b"sheet", b"x") + b"--x--\r\n"),
    "a file as a text": (MULTIPART, part(b"layout_text", b"\xff", b'; filename="\xff"') + b"--x--\r\n"),
    "a text in another character set": (MULTIPART + b"; charset=unicode_escape", part(b"layout_text", b"\\ud800") + b"--x--\r\n"),
    "a heading of control characters": (MULTIPART, part(b"field.A", b"case_no") + part(b"heading.A", b"\x00\x7f\x1b") + b"--x--\r\n"),
    "a huge field": (MULTIPART, part(b"layout_text", b"a" * 1_000_000) + b"--x--\r\n"),
    "a huge field of a plain form": (ENCODED, b"layout_text=" + b"a" * 1_000_000),
    "a huge name": (ENCODED, b"a" * 1_000_000 + b"=1"),
    "very many fields": (ENCODED, b"a=1&" * 10_000),
    "very many parts": (MULTIPART, part(b"a", b"1") * 5_000 + b"--x--\r\n"),
}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("entered", [True, False])
def test_no_form_fails(path, name, entered):
    media, body = BODIES[name]
    assert ask("POST", path, [(b"content-type", media)], body, entered=entered).status < 500


@pytest.mark.parametrize("path", ["/send/check", "/send/marked"])
@pytest.mark.parametrize("layout", [b"", b"\xff", b"title = \x00", b'title = "\\ud800"', b"[" * 60_000, b"a" * 70_000])
def test_no_layout_beside_a_sheet_fails(path, layout):
    body = part(b"sheet", filled("vi", 1), b'; filename="a.xlsx"') + part(b"layout", layout, b'; filename="a.toml"') + b"--x--\r\n"
    assert ask("POST", path, [(b"content-type", MULTIPART)], body).status < 500


CODES = [CODE.text, f"https://exchange.example{ACTIVATE}#{CODE.text}"]
CODES += [OTHER_CODE.text, CODE.text.upper(), f"#{CODE.text}\x00", "", "\ud800"]
WINDOWS = [FIRST, "", "1" * 63, "F" * 64, "\u0661" * 64, "<b>", "1" * 9_000, "\ud800", f"{FIRST}\n"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("window", WINDOWS)
def test_no_code_and_no_window_fails_and_only_the_code_of_the_link_is_answered_otherwise(code, window):
    body = urlencode({"code": code, "window": window}, errors="surrogatepass").encode()
    answer = ask("POST", ACTIVATE, body=body, entered=False)
    assert answer.status in ({200, 410} if code in CODES[:2] else {404}), answer.body[-2_000:]
    assert len(TOPIC.stored) <= 1


CODE_FIELDS = st.sampled_from(CODES) | st.text(max_size=90)


@given(CODE_FIELDS, st.sampled_from(WINDOWS) | st.text(max_size=70), st.sampled_from(METHODS))
def test_no_random_code_or_window_fails(code, window, method):
    body = urlencode({"code": code, "window": window}, errors="surrogatepass").encode()
    assert ask(method, ACTIVATE, body=body).status < 500


NAMES = [b"host", b"origin", b"cookie", b"content-type", b"content-length", b"content-encoding", b"accept", b"x-page-part", b"range"]
VALUES = st.binary(max_size=40) | st.sampled_from([value for _, value in ODD])
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4)


@given(st.sampled_from(METHODS), st.sampled_from(PATHS), HEADERS, st.binary(max_size=200), st.binary(max_size=40), st.booleans())
def test_no_random_request_fails(method, path, headers, body, query, entered):
    assert ask(method, path, headers, body, query, entered=entered).status < 500
