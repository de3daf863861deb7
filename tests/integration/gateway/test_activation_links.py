"""Activation links over a real broker: one link gives one token, whatever the gateways, the clock and kill -9 do."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from click.testing import CliRunner

from mekong.deploy import activations
from mekong.deploy.activations import MadeLink, add_link, standing
from mekong.deploy.cli import mekong
from mekong.deploy.tokens import add_token, revoke_token
from mekong.producers.outbox import Outbox
from mekong.schemas.activations import PATH, Claim, code_in
from mekong.schemas.errors import Refused
from mekong.schemas.tokens import digest_of
from mekong.schemas.topics import ACTIVATIONS
from mekong.schemas.wire import encode
from tests.integration.gateway.conftest import AGENCY, OTHER, Gate, ndjson, seizure

ADDRESS = "https://exchange.example.org"
ROUNDS = 20
_TOKEN = re.compile(r'id="token">(mekong-[0-9a-f-]+)<')
NDJSON = {"content-type": "application/x-ndjson"}


def another(gate: Gate) -> Gate:
    """A second gateway of the same deployment."""
    found = object.__new__(Gate)
    found.deployment, found.token = gate.deployment, gate.token
    found.start()
    return found


def made(gate: Gate, **more) -> MadeLink:
    return add_link(gate.deployment.settings, AGENCY, more.get("scopes", ("send", "read")), ADDRESS)


def page(gate: Gate) -> str:
    """The window of the page of a link, opened."""
    with gate.client() as client:
        return re.search(r'name="window" value="([0-9a-f]{64})"', client.get(PATH).text)[1]


def press(gate: Gate, link: MadeLink, window: str) -> httpx.Response:
    with gate.client() as client:
        return client.post(PATH, data={"code": link.address, "window": window}, headers={"origin": gate.url})


def press_when_known(gate: Gate, link: MadeLink, window: str) -> httpx.Response:
    """The answer as soon as the gateway has read the link."""
    found: list[httpx.Response] = []

    def known() -> bool:
        found[:] = [press(gate, link, window)]
        return found[0].status_code != 404

    gate.deployment.wait_until(known, "the gateway knows the link")
    return found[0]


def token_in(answer: httpx.Response) -> str | None:
    found = _TOKEN.search(answer.text)
    return found[1] if found else None


def status(gate: Gate, token: str) -> int:
    with gate.client(token) as client:
        return client.get("/v1/me").status_code


def claims(gate: Gate) -> int:
    return len(gate.deployment.read(ACTIVATIONS.name))


def test_a_link_gives_a_token_with_which_a_message_is_sent_and_a_second_opening_gives_nothing(gate):
    link = made(gate)
    window = page(gate)
    assert claims(gate) == 0
    answer = press_when_known(gate, link, window)
    token = token_in(answer)
    assert token, answer.text
    with gate.client(token) as client:
        sent = client.post("/v1/messages", content=ndjson(seizure(1)), headers=NDJSON)
    assert sent.status_code == 202
    assert sent.json()["sent"] == 1
    second = press(gate, link, page(gate))
    assert second.status_code == 410
    assert "has been used" in second.text
    assert token_in(press(gate, link, window)) == token
    assert claims(gate) == 1
    stored = b"".join(record.value for topic in (ACTIVATIONS.name, "registry.v1") for record in gate.deployment.read(topic) if record.value)
    for hidden in (code_in(link.address).text, token, token.rpartition("-")[2]):
        assert hidden.encode() not in stored
        assert hidden not in gate.process.log.read_text(encoding="utf-8")


def test_the_operator_sees_open_and_used_links_counts_them_as_tokens_and_revokes_both(gate, monkeypatch):
    for name, value in gate.deployment.environment.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke
    text = run(mekong, ["agency", "token", "link", AGENCY, "--url", ADDRESS, "--scope", "read"]).stdout.strip()
    code = code_in(text)
    assert text == f"{ADDRESS}{PATH}#{code.text}"
    listed = {one["id"]: one for one in json.loads(run(mekong, ["agency", "token", "list", AGENCY, "--json"]).stdout)}
    assert (listed[code.id]["state"], listed[code.id]["scopes"]) == ("open link", ["read"])
    assert "digest" not in listed[code.id]
    assert "open link" in run(mekong, ["agency", "token", "list", AGENCY]).stdout
    for more in (lambda: add_token(gate.deployment.settings, AGENCY, ("send",)), lambda: made(gate)):
        with pytest.raises(Refused, match=f"has 2 tokens and links already .*{code.id}"):
            more()

    link = MadeLink(standing(gate.deployment.settings, AGENCY).links[0], text)
    token = token_in(press_when_known(gate, link, page(gate)))
    listed = {one["id"]: one for one in json.loads(run(mekong, ["agency", "token", "list", AGENCY, "--json"]).stdout)}
    assert listed[code.id]["state"] == "token of a used link"
    with pytest.raises(Refused, match="has 2 tokens already"):
        made(gate)
    assert status(gate, token) == 200
    assert "is revoked" in run(mekong, ["agency", "token", "revoke", AGENCY, code.id]).stdout
    gate.deployment.wait_until(lambda: status(gate, token) == 401, "the token of the link is refused")

    unused = made(gate)
    assert revoke_token(gate.deployment.settings, AGENCY, unused.link.id)
    has_read_all(gate)
    assert press(gate, unused, page(gate)).status_code == 404
    assert [one.id for one in standing(gate.deployment.settings, AGENCY).links] == []


def has_read_all(*gates: Gate) -> None:
    """Wait until gateways know what is in the register now: they know a token that is made after it."""
    settings = gates[0].deployment.settings
    last = add_token(settings, OTHER, ("read",))
    for gate in gates:
        gate.deployment.wait_until(lambda: status(gate, last.text) == 200, "the gateway has read the register")  # noqa: B023 - called here
    revoke_token(settings, OTHER, last.token.id)


def append(gate: Gate, claim: Claim) -> None:
    """Store a claim as a gateway does."""
    with Outbox[str](gate.deployment.settings) as outbox:
        outbox.send(ACTIVATIONS.name, claim.key, encode(claim), "", [])
        outbox.flush()


def claim_of(link: MadeLink, window: str, proof: str | None = None) -> Claim:
    code = code_in(link.address)
    return Claim(agency=AGENCY, id=code.id, proof=proof or code.proof, token=digest_of(code.token_for(window)))


def test_two_gateways_that_get_the_same_link_at_once_show_exactly_one_token(gate):
    gates = [gate, another(gate)]
    raced = 0
    for number in range(ROUNDS):
        before = claims(gate)
        link, windows = made(gate), [page(one) for one in gates]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda pair, link=link: press_when_known(pair[0], link, pair[1]), zip(gates, windows, strict=True)))
        raced += claims(gate) - before == 2
        shown = [token for token in map(token_in, answers) if token]
        assert len(shown) == 1, (number, [one.status_code for one in answers])
        assert sorted(one.status_code for one in answers) == [200, 410]
        (token,), code = shown, code_in(link.address)
        (other,) = {code.token_for(window) for window in windows} - {token}
        for one in gates:
            one.deployment.wait_until(lambda one=one, token=token: status(one, token) == 200, "each gateway accepts the token")
            assert status(one, other) == 401
        assert revoke_token(gate.deployment.settings, AGENCY, link.link.id)
    print(f"{raced} of {ROUNDS} rounds have the claims of both gateways")


def test_an_expired_link_gives_nothing_whoever_writes_a_claim_for_it(gate, monkeypatch):
    monkeypatch.setattr(activations, "VALID_FOR", timedelta(0))
    ended = made(gate)
    answer = press_when_known(gate, ended, page(gate))
    assert answer.status_code == 410
    assert "has expired" in answer.text
    assert claims(gate) == 0
    window = page(gate)
    append(gate, claim_of(ended, window))
    assert press(gate, ended, window).status_code == 410
    assert status(gate, code_in(ended.address).token_for(window)) == 401
    assert [one.id for one in standing(gate.deployment.settings, AGENCY).links] == [ended.link.id]
    with pytest.raises(Refused, match="2 tokens and links already"):
        made(gate)

    monkeypatch.undo()
    monkeypatch.setattr(activations, "_FORGOTTEN_AFTER", timedelta(0))
    link = made(gate)
    assert [one.id for one in standing(gate.deployment.settings, AGENCY).links] == [link.link.id]
    assert token_in(press_when_known(gate, link, page(gate)))


def test_a_claim_without_the_code_does_not_use_the_link_up(gate):
    link, window = made(gate), page(gate)
    append(gate, claim_of(link, "0" * 64, proof=link.link.digest))
    assert token_in(press_when_known(gate, link, window)) == code_in(link.address).token_for(window)


def test_after_kill_9_of_the_gateway_the_same_window_gets_its_token_and_another_one_gets_nothing(gate):
    link, window = made(gate), page(gate)
    has_read_all(gate)
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(press, gate, link, window)
        gate.deployment.wait_until(lambda: claims(gate) == 1, "the claim is stored")
        gate.process.kill()
        assert pressed.exception() is None or isinstance(pressed.exception(), httpx.TransportError)
    gate.start()
    assert press(gate, link, page(gate)).status_code == 410
    token = token_in(press(gate, link, window))
    assert token
    assert status(gate, token) == 200
    assert claims(gate) == 1


def test_without_the_topic_the_gateway_says_what_to_do(deployment):
    deployment.register(AGENCY)
    deployment.forget(ACTIVATIONS)
    process = deployment.mekong("gateway", "--listen", "127.0.0.1:0")
    deployment.wait_until(lambda: process.exit_code is not None, "the gateway ends")
    said = process.log.read_text(encoding="utf-8")
    assert "the topic activations.v1 does not exist" in said
    assert "`mekong topics --create` makes it" in said
