"""``mekong doctor``: what needs no broker. The steps on a real one: tests/integration/joining/test_doctor.py."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekong.producers.doctor import address, examine, tls, trial
from mekong.producers.doctor.at_once import at_once
from mekong.producers.doctor.step import STEPS, Failed
from mekong.producers.doctor.trial import Stored, clock
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.settings import Settings

NOW = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
SECURED = {"kafka_bootstrap": "broker.example:9093", "kafka_security_protocol": "SASL_SSL", "kafka_username": "VN-CUSTOMS"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kafka_bootstrap": ""}, "MEKONG_KAFKA_BOOTSTRAP is not set"),
        ({"kafka_bootstrap": "broker.example"}, "MEKONG_KAFKA_BOOTSTRAP: 'broker.example' is not host:port"),
        ({"kafka_bootstrap": "a:1,b"}, "MEKONG_KAFKA_BOOTSTRAP: 'b' is not host:port"),
        ({"kafka_username": ""}, "MEKONG_KAFKA_USERNAME is not set, and SASL_SSL needs it"),
        ({"kafka_password": ""}, "MEKONG_KAFKA_PASSWORD is not set, and SASL_SSL needs it"),
        ({"kafka_cafile": "/nowhere/ca.pem"}, "MEKONG_KAFKA_CAFILE: /nowhere/ca.pem cannot be read"),
    ],
)
def test_settings_that_cannot_be_right_are_the_first_step(tmp_path, changed, said):
    settings = Settings.model_validate({"home": tmp_path, "kafka_password": "one", **SECURED, **changed})
    (found,) = examine(lambda: settings, "VN-CUSTOMS", lambda: NOW)
    assert (found.step, found.result) == ("settings", "FAILED")
    assert said in found.said
    assert "the operator of the exchange" in found.ask


def test_a_code_that_no_agency_can_have_is_not_asked_for():
    (found,) = examine(lambda: Settings(kafka_bootstrap="broker.example:9093"), "vn-customs", lambda: NOW)
    assert (found.step, found.result) == ("settings", "FAILED")
    assert found.said == "'vn-customs' is not the code of an agency: it must be as VN-CUSTOMS"


def test_the_line_of_the_settings_has_no_password(tmp_path):
    settings = Settings.model_validate({"home": tmp_path, "kafka_password": "pass-word-1", **SECURED})
    _, places = address.read(lambda: settings, "VN-CUSTOMS")
    assert [str(place) for place in places] == ["broker.example:9093"]
    assert address.shown(settings) == "broker.example:9093, SASL_SSL, user VN-CUSTOMS"


def test_an_address_of_ipv6():
    _, (place,) = address.read(lambda: Settings(kafka_bootstrap="[::1]:9093"), "VN-CUSTOMS")
    assert (place, str(place)) == (("::1", 9093), "[::1]:9093")


def test_a_name_server_that_does_not_answer(monkeypatch):
    end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: end.wait())
    monkeypatch.setattr(address, "at_once", lambda doing, each: at_once(doing, each, 0.1))
    with pytest.raises(Failed, match=r"the name broker.example has no answer within 3 s"):
        address.names([address.Place("broker.example", 9093)])
    end.set()


def test_a_firewall_that_drops_everything(monkeypatch):
    monkeypatch.setattr(address, "at_once", lambda _, each: dict.fromkeys(each, TimeoutError()))
    with pytest.raises(Failed, match=r"broker.example:9093 gives no answer within 3 s: a firewall on the way drops it") as found:
        address.ports([address.Place("broker.example", 9093)])
    assert found.value.ask.startswith("your own network team: let TCP out from this machine to broker.example:9093.")


def test_many_are_asked_at_once_and_one_that_is_silent_holds_up_nobody():
    end = threading.Event()

    def ask(number):
        if number == 1:
            end.wait()
        if number == 2:
            raise ConnectionRefusedError
        return number

    found = at_once(ask, [0, 1, 2, 3], 0.5)
    end.set()
    assert (found[0], found[3]) == (0, 3)
    assert isinstance(found[1], TimeoutError)
    assert isinstance(found[2], ConnectionRefusedError)


def test_a_damaged_ca_file_is_said(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    with pytest.raises(Failed, match=r"ca\.pem is damaged: no certificate in it can be read"):
        tls.context_of(str(path))


def test_a_connection_that_breaks_in_tls_is_not_a_wrong_certificate():
    for exc in (ConnectionResetError(104, "reset"), ssl.SSLEOFError(8, "EOF")):
        assert "does not speak TLS" in tls.cause(exc, "broker.example:9093", Settings()).said


def test_the_page_has_a_row_for_each_step():
    page = (Path(__file__).parents[2] / "docs" / "join.md").read_text(encoding="utf-8")
    table = page.split("| step | what it tries |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| (\w+) \|", table, re.MULTILINE)) == STEPS


@given(st.integers(-(10**6), 10**6), st.integers(0, 30), st.integers(0, 30))
def test_no_delay_on_the_way_is_taken_for_a_wrong_clock(off_s, there_s, back_s):
    sent = NOW + timedelta(seconds=off_s)  # by a clock that is off by this much
    stored = Stored(0, sent, NOW + timedelta(seconds=there_s), sent + timedelta(seconds=there_s + back_s))
    if abs(off_s) <= 60:
        assert clock(stored).result == "ok"
    elif abs(off_s) > 60 + 30:
        with pytest.raises(Failed, match="ahead of" if off_s > 0 else "behind") as found:
            clock(stored)
        assert ("future_date" in found.value.said) is (off_s - there_s > 300)


def test_an_older_exchange_answers_a_test_too():
    receipt = Receipt(
        source_topic="in.VN-CUSTOMS.v1",
        source_offset=1,
        agency="VN-CUSTOMS",
        outcome=Outcome.REJECTED,
        reason=Reason.UNKNOWN_MESSAGE_TYPE,
        received_at="2026-11-29T01:00:00Z",
    )
    found = trial.answered("VN-CUSTOMS", receipt, 0.5)
    assert found.result == "ok"
    assert "the exchange is older than this program" in found.said
