"""Activation links without a broker: which claim wins, what the page shows, and that nothing but a press of the button uses a link."""

from __future__ import annotations

import asyncio
import hashlib
import html
import os
import random
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from kafka import TopicPartition
from starlette.testclient import TestClient

from mekong.deploy import activations as deploy
from mekong.deploy.activations import add_link
from mekong.deploy.profiles import profile_of
from mekong.deploy.web.serve import application
from mekong.producers.gateway import activations
from mekong.producers.gateway.activations import Activations, unknown_yet, used
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Book, Register
from mekong.producers.page.routes import routes
from mekong.schemas import activations as schemas
from mekong.schemas.activations import PATH, VALID_FOR, Claim, Claims, Code, Link, code_in
from mekong.schemas.errors import Refused
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import Token, digest_of
from mekong.schemas.topics import ACTIVATIONS, REGISTRY
from mekong.schemas.wire import decode, encode
from tests.unit.test_gateway import AGENCY, TEXT, Broker, token

CODE, OTHER_CODE = Code("1f9a02cc-" + "a" * 64), Code("1f9a02cc-" + "b" * 64)
NOW = datetime.now(UTC).replace(microsecond=0)
END = NOW + VALID_FOR
MS = int(NOW.timestamp() * 1000)
FIRST, SECOND = "1" * 64, "2" * 64
SITE = {"origin": "https://testserver"}


def link(code: Code = CODE, agency: str = AGENCY, expires_at: datetime = END, scopes=("send", "read")) -> Link:
    return Link(agency=agency, id=code.id, digest=code.digest, scopes=scopes, made_at=expires_at - VALID_FOR, expires_at=expires_at)


def claim(window: str = FIRST, code: Code = CODE, agency: str = AGENCY) -> Claim:
    return Claim(agency=agency, id=code.id, proof=code.proof, token=digest_of(code.token_for(window)))


def folded(*found: tuple[Claim, datetime]) -> Claims:
    claims = Claims()
    for one, at in found:
        claims.add(one, at)
    return claims


@pytest.mark.parametrize(
    ("found", "winner"),
    [
        pytest.param([], None, id="nobody has used it"),
        pytest.param([(claim(FIRST), NOW)], FIRST, id="one claim"),
        pytest.param([(claim(FIRST), NOW), (claim(SECOND), NOW)], FIRST, id="the first in order wins"),
        pytest.param([(claim(FIRST), NOW), (claim(SECOND), NOW - timedelta(1))], FIRST, id="the order counts, not the time"),
        pytest.param([(claim(FIRST), END)], None, id="at its end it is expired"),
        pytest.param([(claim(FIRST), END), (claim(SECOND), NOW)], None, id="the first one decides also when it came too late"),
        pytest.param([(claim(FIRST), END - timedelta(milliseconds=1))], FIRST, id="a millisecond before its end it is not"),
        pytest.param([(claim(FIRST, OTHER_CODE), NOW), (claim(SECOND), NOW)], SECOND, id="a claim without the proof does not use it"),
        pytest.param([(claim(FIRST, agency="LA-CUSTOMS"), NOW), (claim(SECOND), NOW)], SECOND, id="of another agency, the same id"),
    ],
)
def test_the_first_claim_with_the_proof_and_in_time_gets_the_token(found, winner):
    token = folded(*found).token_of(link())
    assert (token and token.digest) == (winner and digest_of(CODE.token_for(winner)))


def test_the_token_has_the_id_and_the_scopes_of_its_link_and_the_time_of_its_claim():
    token = folded((claim(), NOW)).token_of(link(scopes=("read",)))
    assert (token.agency, token.id, token.scopes, token.made_at) == (AGENCY, CODE.id, ("read",), NOW)
    assert token.is_of(CODE.token_for(FIRST))


def test_neither_record_gives_the_code_or_the_token_away():
    written = encode(link()) + encode(claim())
    for hidden in (CODE.text, CODE.text.partition("-")[2], CODE.token_for(FIRST), CODE.token_for(FIRST).rpartition("-")[2]):
        assert hidden.encode() not in written
    assert CODE.text not in repr(CODE)
    assert claim().proof == hashlib.sha256(CODE.text.encode()).hexdigest()


def test_a_person_may_paste_the_code_or_the_whole_link_and_nothing_else_is_a_code():
    assert code_in(f" https://exchange.example{PATH}#{CODE.text}\n") == code_in(CODE.text) == CODE
    for text in ("", "#", CODE.text[:-1], f"{CODE.text}0", CODE.text.upper(), CODE.token_for(FIRST), "\uff11" * 73):
        assert code_in(text) is None


def book_with(*links: Link) -> Book:
    book = Book()
    book.apply(f"agency:{AGENCY}", encode(profile_of(AGENCY)))
    for one in links:
        book.apply(one.key, encode(one))
    return book


def status(book: Book, text: str) -> int:
    try:
        book.caller(f"Bearer {text}", "send")
    except Problem as exc:
        return exc.status
    return 200


def test_the_register_lets_in_the_token_of_the_first_claim_until_the_link_is_revoked():
    first, second = CODE.token_for(FIRST), CODE.token_for(SECOND)
    book = book_with(link())
    assert status(book, first) == 401
    book.claimed(encode(claim(FIRST)), MS, 0)
    book.claimed(encode(claim(SECOND)), MS, 1)
    assert [status(book, text) for text in (first, second)] == [200, 401]
    ticket = book.ticket(first)
    assert book.caller(f"ticket {ticket}", "read").token_id == CODE.id
    book.apply(link().key, None)
    assert status(book, first) == 401
    with pytest.raises(Problem):
        book.caller(f"ticket {ticket}", "read")


def test_a_claim_may_be_read_before_its_link_and_one_that_cannot_be_read_stops_nothing():
    book = book_with()
    book.claimed(b"of a newer version", MS, 0)
    book.claimed(None, MS, 1)
    book.claimed(encode(claim(FIRST)), MS, 2)
    assert status(book, CODE.token_for(FIRST)) == 401
    book.apply(link().key, encode(link()))
    assert status(book, CODE.token_for(FIRST)) == 200


@pytest.mark.parametrize("stored_ms", [2**62, 2**63 - 1, -1, 253_402_300_800_000])
def test_a_claim_with_an_impossible_time_stops_neither_the_gateway_nor_the_operator(stored_ms, monkeypatch):
    book = book_with(link())
    odd = SimpleNamespace(value=encode(claim(FIRST)), timestamp=stored_ms, offset=0, key=b"")
    good = SimpleNamespace(value=encode(claim(SECOND)), timestamp=MS, offset=1, key=b"")
    gone = SimpleNamespace(value=None, timestamp=MS, offset=9, key=token().key.encode())
    register = Register(Settings())
    register.book = book
    book.apply(token().key, encode(token()))
    polled = {TopicPartition(ACTIVATIONS.name, 0): [odd, good], TopicPartition(REGISTRY.name, 0): [gone]}
    register._apply(polled)
    assert [status(book, text) for text in (CODE.token_for(FIRST), CODE.token_for(SECOND), TEXT)] == [401, 200, 401]

    monkeypatch.setattr(deploy, "read_topic", lambda *_, **__: iter([[odd, good]]))
    found = deploy.read_claims(Settings())
    assert found.token_of(link()).is_of(CODE.token_for(SECOND))
    assert found.unread == 1


def test_of_many_claims_only_the_first_with_the_proof_is_kept_and_found_without_a_search(monkeypatch):
    book = book_with(link())
    without_proof = [encode(Claim(agency=AGENCY, id=CODE.id, proof=f"{n:064x}", token="0" * 64)) for n in range(50)]
    for raw in (*without_proof, encode(claim(FIRST)), *[encode(claim(SECOND))] * 50):
        book.claimed(raw, MS, 0)
    assert len(book._claims._first) == 1
    hashed = []
    monkeypatch.setattr(schemas, "digest_of", lambda text: hashed.append(text) or hashlib.sha256(text.encode()).hexdigest())
    assert status(book, CODE.token_for(FIRST)) == 200
    assert hashed == []


def test_a_link_of_the_same_id_that_arrives_while_another_is_judged_stops_nothing(monkeypatch):
    book, is_of = book_with(link(OTHER_CODE)), Link.is_of

    def judged(self, proof):
        later = link(OTHER_CODE, agency="LA-CUSTOMS")
        book.apply(later.key, encode(later))
        return is_of(self, proof)

    monkeypatch.setattr(Link, "is_of", judged)
    with pytest.raises(Problem) as refused:
        book.opened(CODE)
    assert refused.value.status == 404


def registry_with(*links: Link, tokens: tuple[Token, ...] = ()) -> SimpleNamespace:
    """What ``make_room`` and ``standing_of`` need of the register."""
    return SimpleNamespace(
        agencies={AGENCY: profile_of(AGENCY), "LA-CUSTOMS": profile_of("LA-CUSTOMS")},
        tokens={one.key: one for one in tokens},
        links={one.key: one for one in links},
        outgoing=[],
    )


LONG_AGO = link(expires_at=NOW - timedelta(days=200))
IN_TIME = LONG_AGO.expires_at - timedelta(hours=1)


def test_the_next_change_makes_the_token_of_a_used_link_independent_of_its_claim():
    registry, other = registry_with(LONG_AGO), Code("2f9a02cc-" + "a" * 64)
    of_another = link(other, agency="LA-CUSTOMS")
    registry.links[of_another.key] = of_another
    deploy.make_room(registry, folded((claim(), IN_TIME), (claim(code=other, agency="LA-CUSTOMS"), NOW)), AGENCY)
    written = {key: value for _, key, value, _ in registry.outgoing}
    assert set(written) == {f"token:{AGENCY}:{CODE.id}", f"token:LA-CUSTOMS:{other.id}"}

    book = book_with(LONG_AGO)
    for key, value in written.items():
        book.apply(key, value)
    text = CODE.token_for(FIRST)
    assert status(book, text) == 200
    assert opened(Activations(book, Topic(book)), window=SECOND) == "410"
    kept = registry_with(LONG_AGO, tokens=(decode(written[f"token:{AGENCY}:{CODE.id}"], Token),))
    for claims in (folded(), folded((claim(), NOW)), folded((claim(), IN_TIME))):
        found = deploy.standing_of(kept, claims, AGENCY)
        assert ([one.id for one in found.tokens], found.links, found.from_links) == ([CODE.id], [], {CODE.id})
        deploy.make_room(kept, claims, AGENCY)
        assert kept.outgoing == []

    for key in (f"token:{AGENCY}:{CODE.id}", LONG_AGO.key):  # what `mekong agency token revoke` writes
        book.apply(key, None)
    assert status(book, text) == 401


def test_a_link_that_was_made_a_token_is_used_also_without_its_claim():
    book = book_with(link())
    book.apply(f"token:{AGENCY}:{CODE.id}", encode(folded((claim(), NOW)).token_of(link())))
    topic = Topic(book)
    assert opened(Activations(book, topic), window=SECOND) == "410"
    assert topic.stored == []


def test_an_ended_link_is_removed_unless_a_claim_cannot_be_read():
    for unread, removed in ((0, [LONG_AGO.key]), (1, [])):
        registry, claims = registry_with(LONG_AGO), folded()
        claims.unread = unread
        deploy.make_room(registry, claims, AGENCY)
        assert [key for _, key, value, _ in registry.outgoing if value is None] == removed


class Topic:
    """``activations.v1`` in memory, followed by all books at once. ``before`` is stored just before the next claim."""

    def __init__(self, *books: Book) -> None:
        self.books, self.stored, self.before, self.fails, self.at = books, [], [], 0, None

    def write(self, one: Claim) -> None:
        if self.fails:
            self.fails -= 1
            raise unknown_yet()
        for each in (*self.before, one):
            self.stored.append(each)
            for book in self.books:
                book.claimed(encode(each), int((self.at or datetime.now(UTC)).timestamp() * 1000), len(self.stored) - 1)
        self.before = []


def opened(doors: Activations, code: Code = CODE, window: str = FIRST) -> str:
    """The text of the token, or the status of the refusal."""
    try:
        return asyncio.run(doors.open(code, window)).text
    except Problem as exc:
        return str(exc.status)


def test_a_link_gives_its_token_once_and_the_same_window_gets_it_again_when_its_answer_was_lost(monkeypatch):
    book = book_with(link())
    topic = Topic(book)
    doors = Activations(book, topic)
    text = opened(doors)
    assert text == CODE.token_for(FIRST)
    assert status(book, text) == 200
    assert opened(doors, window=SECOND) == "410"
    assert opened(doors) == text
    assert len(topic.stored) == 1
    monkeypatch.setattr(activations, "AGAIN_WITHIN_S", -1)
    assert opened(doors) == "410"


def test_a_claim_that_another_gateway_stored_just_before_wins():
    book = book_with(link())
    topic = Topic(book)
    topic.before = [claim(SECOND)]
    assert opened(Activations(book, topic)) == "410"
    assert status(book, CODE.token_for(SECOND)) == 200


def test_two_gateways_give_one_token_whatever_the_order():
    for seed in range(50):
        books = [book_with(link()) for _ in range(2)]
        topic = Topic(*books)
        doors = [Activations(book, topic) for book in books]

        windows = random.Random(seed).sample([FIRST, SECOND], 2)

        async def both(doors=doors, windows=windows):
            asked = (door.open(CODE, window) for door, window in zip(doors, windows, strict=True))
            return await asyncio.gather(*asked, return_exceptions=True)

        found = asyncio.run(both())
        shown = [one.text for one in found if not isinstance(one, BaseException)]
        assert len(shown) == 1
        assert [one.status for one in found if isinstance(one, Problem)] == [410]
        assert [status(book, shown[0]) for book in books] == [200, 200]


def test_an_unknown_and_an_expired_link_are_refused_and_nothing_is_stored():
    ended = link(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    for book, code, expected in ((book_with(ended), CODE, "410"), (book_with(link()), OTHER_CODE, "404"), (book_with(), CODE, "404")):
        topic = Topic(book)
        assert opened(Activations(book, topic), code) == expected
        assert topic.stored == []


def test_a_claim_that_the_broker_stored_at_the_end_is_too_late_also_when_the_clock_of_the_gateway_is_behind():
    book = book_with(link())
    topic = Topic(book)
    topic.at = END
    assert opened(Activations(book, topic)) == "410"
    assert status(book, CODE.token_for(FIRST)) == 401


def test_a_link_of_an_agency_that_is_disabled_is_not_used_up():
    book = book_with(link())
    book.apply(f"agency:{AGENCY}", encode(profile_of(AGENCY).model_copy(update={"status": "disabled", "reason": "a drill"})))
    topic = Topic(book)
    assert opened(Activations(book, topic)) == "403"
    book.apply(f"agency:{AGENCY}", encode(profile_of(AGENCY)))
    assert opened(Activations(book, topic)) == CODE.token_for(FIRST)


class Away(Topic):
    """A broker that is away: what asks it waits until ``back``."""

    def __init__(self, *books: Book) -> None:
        super().__init__(*books)
        self.back = threading.Event()

    def write(self, one: Claim) -> None:
        assert self.back.wait(60)
        super().write(one)


def test_links_that_wait_for_the_broker_use_up_neither_the_threads_of_others_nor_more_than_their_own():
    codes = [Code(f"{number:08x}-" + "a" * 64) for number in range(activations.MOST_AT_ONCE + 1)]
    book = book_with(*map(link, codes))
    topic = Away(book)
    doors = Activations(book, topic)

    async def press_all():
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        waiting = [asyncio.ensure_future(doors.open(code, FIRST)) for code in codes[:-1]]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            with pytest.raises(Problem) as refused:
                await doors.open(codes[-1], FIRST)
            assert await asyncio.to_thread(lambda: "another's work") == "another's work"
        topic.back.set()
        await asyncio.gather(*waiting)
        return refused.value.status, (await doors.open(codes[-1], FIRST)).text

    assert asyncio.run(press_all()) == (503, codes[-1].token_for(FIRST))


def test_a_link_waits_for_no_other_and_another_window_of_the_same_link_is_refused_at_once():
    other = Code("2f9a02cc-" + "a" * 64)
    book = book_with(link(), link(other))
    topic = Away(book)
    doors = Activations(book, topic)

    async def press_all():
        waiting = [asyncio.ensure_future(doors.open(code, FIRST)) for code in (CODE, CODE, other)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await doors.open(CODE, SECOND)
        topic.back.set()
        return refused.value, [one.text for one in await asyncio.gather(*waiting)]

    refused, shown = asyncio.run(press_all())
    assert (refused.status, refused.headers["retry-after"] != "") == (503, True)
    assert shown == [CODE.token_for(FIRST), CODE.token_for(FIRST), other.token_for(FIRST)]
    assert len(topic.stored) == 2
    assert doors._running == {}


def test_a_window_that_leaves_does_not_take_the_answer_from_the_same_window_asking_again():
    book = book_with(link())
    topic = Away(book)
    doors = Activations(book, topic)

    async def leave():
        first, second = (asyncio.ensure_future(doors.open(CODE, FIRST)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        topic.back.set()
        return await second

    assert asyncio.run(leave()).text == CODE.token_for(FIRST)


def test_a_link_with_a_claim_that_came_too_late_gets_no_more_claims():
    book = book_with(link())
    topic = Topic(book)
    topic.at = END
    doors = Activations(book, topic)
    assert [opened(doors, window=window) for window in (FIRST, SECOND, FIRST)] == ["410"] * 3
    assert len(topic.stored) == 1


def test_a_claim_that_is_stored_and_not_read_yet_is_not_called_expired(monkeypatch):
    monkeypatch.setattr(activations, "_READ_WITHIN_S", 0.0)
    book = book_with(link())
    behind = Topic()
    doors = Activations(book, behind)
    assert opened(doors) == "503"
    book.claimed(encode(behind.stored[0]), MS, 0)
    assert opened(doors) == CODE.token_for(FIRST)


@pytest.mark.parametrize("ahead", [timedelta(minutes=30), timedelta(minutes=-30)])
def test_the_window_gets_its_token_again_also_when_the_clock_of_the_gateway_is_wrong(ahead):
    book = book_with(link())
    topic = Topic(book)
    topic.at = datetime.now(UTC) - ahead
    doors = Activations(book, topic)
    assert [opened(doors) for _ in range(2)] == [CODE.token_for(FIRST)] * 2


def test_a_gateway_that_starts_long_after_the_first_use_shows_the_token_to_nobody():
    book = book_with(link())
    book.claimed(encode(claim()), MS - 2 * 3600_000, 0)
    assert opened(Activations(book, Topic(book))) == "410"


def test_nobody_gets_a_token_while_revocations_do_not_arrive():
    book = book_with(link())
    book.is_followed = False
    assert opened(Activations(book, Topic(book))) == "503"


@pytest.fixture
def broker() -> Broker:
    found = Broker()
    found.book.apply(link().key, encode(link()))
    found.topic = Topic(found.book)
    found.activations = Activations(found.book, found.topic)
    return found


@pytest.fixture
def client(broker) -> TestClient:
    return TestClient(application(routes(broker)), raise_server_exceptions=False, follow_redirects=False)


def window_of(text: str) -> str:
    return re.search(r'name="window" value="([0-9a-f]{64})"', text)[1]


def press(client: TestClient, page: str, code: str = CODE.text, **headers: str):
    return client.post(PATH, data={"code": code, "window": window_of(page)}, headers={**SITE, **headers})


def test_opening_the_page_changes_nothing_and_a_press_of_the_button_shows_the_token(client, broker):
    for method in ("GET", "HEAD"):
        assert client.request(method, PATH).status_code == 200
    page = client.get(PATH).text
    assert broker.topic.stored == []
    answer = press(client, page)
    text = CODE.token_for(window_of(page))
    assert answer.status_code == 200, answer.text
    assert text in answer.text
    assert AGENCY in answer.text
    assert "export MEKONG_URL=https://testserver" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert press(client, page).text == answer.text
    refused = press(client, client.get(PATH).text)
    assert refused.status_code == 410
    assert "has been used" in refused.text
    assert "mekong-1f9a02cc" not in refused.text


def test_the_lines_for_programs_keep_the_token_out_of_the_shells_history_and_of_the_list_of_processes(client, tmp_path):
    page = client.get(PATH).text
    answer = press(client, page)
    text = CODE.token_for(window_of(page))
    lines = html.unescape(re.search(r'id="lines">(.*?)</pre>', answer.text, re.DOTALL)[1])
    assert text not in lines
    (tmp_path / "curl").write_text('#!/bin/sh\necho "$@"; cat\n')
    (tmp_path / "curl").chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", lines], input=f"{text}\n", env=path, capture_output=True, text=True, check=True)
    arguments, header = ran.stdout.splitlines()
    assert arguments == "--fail-with-body --config - https://testserver/v1/me"
    assert header == f'header = "Authorization: Bearer {text}"'


def test_two_pages_have_different_windows(client):
    assert window_of(client.get(PATH).text) != window_of(client.get(PATH).text)


def test_while_the_broker_is_away_the_page_keeps_its_window_so_that_the_button_works_again(client, broker):
    broker.topic.fails = 1
    page = client.get(PATH).text
    answer = press(client, page)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert window_of(answer.text) == window_of(page)
    assert CODE.text in answer.text
    assert CODE.token_for(window_of(page)) in press(client, answer.text).text


@pytest.mark.parametrize("code", ["", "<script>", CODE.text[:-1], OTHER_CODE.text, "x" * 5_000])
def test_what_is_not_a_link_gets_the_same_sentence_and_no_claim(client, broker, code):
    answer = press(client, client.get(PATH).text, code)
    assert answer.status_code == 404
    assert "does not know this link" in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]
    assert broker.topic.stored == []


@pytest.mark.parametrize("headers", [{"origin": "https://elsewhere.example"}, {"origin": "null"}])
def test_another_site_cannot_use_a_link(client, broker, headers):
    assert press(client, client.get(PATH).text, **headers).status_code == 403
    assert broker.topic.stored == []


def test_a_window_that_the_page_did_not_make_is_replaced(client, broker):
    answer = client.post(PATH, data={"code": CODE.text, "window": ""}, headers=SITE)
    assert answer.status_code == 200
    assert CODE.token_for("") not in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_and_each_refusal_are_in_the_language_of_the_person(client, broker, language):
    assert f"mekong-language={language}" in client.get(f"{PATH}?lang={language}").headers["set-cookie"]
    cookie = {"cookie": f"mekong-language={language}"}
    page = client.get(PATH, headers=cookie).text
    assert f'<html lang="{language}">' in page
    for code, before in ((OTHER_CODE, 404), (CODE, 200), (CODE, 410)):
        answer = press(client, client.get(PATH).text, code.text, **cookie)
        assert answer.status_code == before
        if before != 200:
            assert f'<span lang="{language}">' in answer.text


@pytest.mark.parametrize(
    "url", ["http://exchange.example", "exchange.example", "https://", "https://a:b@exchange.example", "https://exchange.example/path"]
)
def test_a_link_needs_an_address_with_tls(url):
    with pytest.raises(Refused, match="is not an"):
        add_link(Settings(), AGENCY, ("send",), url)


def test_a_used_link_says_that_it_was_used_also_after_its_end(monkeypatch):
    book = book_with(link())
    doors = Activations(book, Topic(book))
    opened(doors)
    monkeypatch.setattr(time, "time", lambda: END.timestamp() + 1)
    with pytest.raises(Problem) as refused:
        asyncio.run(doors.open(CODE, SECOND))
    assert refused.value.detail == used().detail
