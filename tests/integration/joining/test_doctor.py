"""``mekong doctor`` on a real secured broker: each step is broken once, and the sentence names the cause and whom to ask for what."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from kafka import KafkaAdminClient
from kafka.admin import ACLFilter, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePatternFilter, ResourceType

from mekong.deploy.local.ports import HOST, free_port
from mekong.deploy.registry import changed
from mekong.producers.doctor import STEPS, examine, trial
from mekong.schemas.settings import Settings
from tests.integration.committed import committed
from tests.integration.joining.conftest import LAO, THAI, VIET, Exchange

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
Doctor = Callable[..., Result]


def failed(found: Result, step: str, *sentences: str) -> None:
    """All steps before this one are well, none after it was tried, and the sentences are there."""
    assert found.exception is None, found.exception
    lines = found.output.splitlines()
    results = {line.split()[0]: line.split()[1] for line in lines if line.split() and line.split()[0] in STEPS}
    before = STEPS[: STEPS.index(step)]
    assert results == {**dict.fromkeys(before, "ok"), step: "FAILED"}, found.output
    assert found.return_value == 1
    assert lines[-1].endswith(f"cannot send yet: {step} failed.")
    for sentence in sentences:
        assert sentence in found.output, found.output


def test_a_name_that_nobody_knows(doctor: Doctor):
    failed(doctor(VIET, KAFKA_BOOTSTRAP="a..b:9093"), "name", "the name a..b is not known", "Ask your own network team: this machine must")


def test_a_port_where_nothing_listens(doctor: Doctor):
    address = f"{HOST}:{free_port()}"
    failed(
        doctor(VIET, KAFKA_BOOTSTRAP=address), "port", f"{address} refuses the connection", f"let TCP out from this machine to {address}"
    )


def test_one_broker_that_is_down_stops_nobody(doctor: Doctor, exchange: Exchange, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trial, "RECEIPT_WITHIN_S", 0.1)
    address = f"{HOST}:{free_port()}"
    found = doctor(VIET, KAFKA_BOOTSTRAP=f"{address},{exchange.cluster.bootstrap}")
    assert f"port      look    {address} refuses the connection" in found.output
    assert "message   FAILED" in found.output


@pytest.mark.parametrize(
    ("door", "cafile", "sentences"),
    [
        ("", "other.pem", ("is not signed by the authority in MEKONG_KAFKA_CAFILE", "for the CA file (PEM)")),
        ("", "", ("MEKONG_KAFKA_CAFILE is not set", "for the CA file (PEM)")),
        ("expired", "ca.pem", ("has expired", "Ask the operator of the exchange for a new certificate")),
        ("early", "ca.pem", ("is not valid yet", "your system administrator to set the clock")),
        ("plain", "ca.pem", ("does not speak TLS", "whether MEKONG_KAFKA_SECURITY_PROTOCOL (SASL_SSL) and the port are right")),
    ],
)
def test_a_certificate_or_a_port_that_is_wrong(doctor: Doctor, exchange: Exchange, door: str, cafile: str, sentences: tuple[str, ...]):
    path = str(exchange.cluster.cafile.with_name(cafile)) if cafile else ""
    address = f"{HOST}:{exchange.cluster.doors[door]}" if door else exchange.cluster.bootstrap
    failed(doctor(VIET, KAFKA_CAFILE=path, KAFKA_BOOTSTRAP=address), "TLS", *sentences)


def test_a_certificate_of_another_host(doctor: Doctor, exchange: Exchange, monkeypatch: pytest.MonkeyPatch):
    ask = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: ask(HOST if host == "kafka.example" else host, *rest, **named))
    address = f"kafka.example:{exchange.cluster.brokers[1].port}"
    failed(doctor(VIET, KAFKA_BOOTSTRAP=address), "TLS", "is of another host", "for the name that is in the certificate")


def test_a_port_that_accepts_and_says_nothing(doctor: Doctor):
    with socket.create_server((HOST, 0)) as silent:
        began = time.monotonic()
        found = doctor(VIET, KAFKA_BOOTSTRAP=f"{HOST}:{silent.getsockname()[1]}")
    failed(found, "TLS", "accepts the connection, and does not answer to TLS within 3 s", "whether a proxy on the way")
    assert time.monotonic() - began < 30


def test_a_wrong_password(doctor: Doctor):
    sentence = "the user name or the password is not accepted"
    failed(doctor(VIET, KAFKA_PASSWORD="wrong"), "login", sentence, f"for the user, the password and the mechanism of {VIET}")


def test_a_mechanism_that_the_broker_does_not_have(doctor: Doctor):
    failed(doctor(VIET, KAFKA_SASL_MECHANISM="PLAIN"), "login", "the broker does not know this MEKONG_KAFKA_SASL_MECHANISM")


def test_no_tls_where_the_broker_wants_it(doctor: Doctor):
    sentence = "speaks TLS, and MEKONG_KAFKA_SECURITY_PROTOCOL is PLAINTEXT: set SASL_SSL"
    failed(doctor(VIET, KAFKA_SECURITY_PROTOCOL="PLAINTEXT"), "login", sentence)


def test_no_user_where_the_broker_asks_for_one(doctor: Doctor):
    sentence = "answers, but not to a client without a user: MEKONG_KAFKA_SECURITY_PROTOCOL is SSL"
    failed(doctor(VIET, KAFKA_SECURITY_PROTOCOL="SSL"), "login", sentence, "which MEKONG_KAFKA_SECURITY_PROTOCOL and which port are right")


def test_a_user_where_the_broker_asks_for_none(doctor: Doctor, exchange: Exchange):
    address = f"{HOST}:{exchange.cluster.doors['plain']}"
    found = doctor(VIET, KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT", KAFKA_BOOTSTRAP=address)
    failed(found, "login", "answers, but not as a Kafka broker that asks for a user")


def test_a_broker_that_sends_its_clients_on_to_a_host_that_this_machine_does_not_know(doctor: Doctor, exchange: Exchange):
    found = doctor(VIET, KAFKA_BOOTSTRAP=f"{HOST}:{exchange.cluster.doors['astray']}")
    failed(found, "brokers", "the name nobody-knows.invalid", "let TCP out from this machine to nobody-knows.invalid:9093: Kafka sends")


def test_an_agency_that_is_not_registered(doctor: Doctor):
    failed(
        doctor(LAO), "topics", f"{LAO} is not registered here: Kafka does not have the topic in.{LAO}.v1", f"(`mekong agency add {LAO}`)"
    )


def test_the_topic_of_another_agency(doctor: Doctor):
    failed(doctor(VIET, THAI), "topics", f"user {VIET} may not READ topic receipts.{THAI}.v1", f"READ topic receipts.{THAI}.v1 for user")


def test_a_right_to_write_that_is_missing(doctor: Doctor, exchange: Exchange):
    resource = ResourcePatternFilter(ResourceType.TOPIC, f"in.{THAI}.v1", ACLResourcePatternType.LITERAL)
    admin = KafkaAdminClient(**exchange.cluster.options())
    admin.delete_acls([ACLFilter(f"User:{THAI}", None, ACLOperation.WRITE, ACLPermissionType.ANY, resource)])
    admin.close()
    failed(
        doctor(THAI), "topics", f"user {THAI} may not WRITE topic in.{THAI}.v1", f"for the right: WRITE topic in.{THAI}.v1 for user {THAI}"
    )


def test_an_exchange_whose_intake_does_not_run(doctor: Doctor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trial, "RECEIPT_WITHIN_S", 1.0)
    failed(
        doctor(VIET), "message", f"the broker has stored the test message (in.{VIET}.v1, offset ", "no receipt came within 1 s", "status"
    )


def test_all_is_well_then_a_wrong_clock_and_a_disabled_agency(doctor: Doctor, exchange: Exchange, monkeypatch: pytest.MonkeyPatch):
    exchange.begin("intake", "intake", "worker", "intake")
    exchange.wait_until(lambda: "intake ready" in exchange.log_of("intake").read_text(), "intake")
    found = doctor(VIET)
    assert (found.exception, found.return_value) == (None, 0), found.output
    assert [line.split()[:2] for line in found.output.splitlines()[: len(STEPS)]] == [[step, "ok"] for step in STEPS]
    assert "message   ok      the receipt of a test message came after" in found.output
    assert found.output.endswith(f"{VIET} can send and receive.\n")
    entries = committed(exchange.cluster.bootstrap, "journal.v1", **exchange.cluster.options())
    assert not [one for one in entries if b'"kind":"version"' in one.value]

    fast = list(examine(Settings, VIET, lambda: datetime.now(UTC) + timedelta(minutes=7)))[-1]
    assert (fast.step, fast.result) == ("clock", "FAILED")
    assert "this machine's clock is 7 minutes ahead of the broker's" in fast.said
    assert "are rejected (future_date)" in fast.said
    assert "set the clock (NTP)" in fast.ask

    operator = exchange.environment("operator")
    for name in ("HOME", "KAFKA_BOOTSTRAP", "KAFKA_SECURITY_PROTOCOL", "KAFKA_USERNAME", "KAFKA_PASSWORD", "KAFKA_CAFILE", "SECRET"):
        monkeypatch.setenv(f"MEKONG_{name}", operator[f"MEKONG_{name}"])
    changed(Settings(), lambda registry: registry.change(VIET, status="disabled", reason="its key was stolen"))
    failed(doctor(VIET), "message", f"the exchange rejects what {VIET} sends: agency_disabled", "its key was stolen", "for the reason")
