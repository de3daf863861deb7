"""What kafka-python raises or only logs becomes a sentence that says what a person should do."""

from __future__ import annotations

import logging

import pytest
from kafka.errors import (
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaTimeoutError,
    NotLeaderForPartitionError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from mekong.producers import broker
from mekong.producers.broker import reaching
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.settings import Settings

SETTINGS = Settings(kafka_bootstrap="kafka.example:9093", kafka_username="vn-customs")
BOOTSTRAP = KafkaTimeoutError("Unable to bootstrap from kafka.example:9093")


@pytest.fixture(autouse=True)
def silence():
    broker._heard.messages.clear()
    yield
    broker._heard.messages.clear()


def raised(exc: Exception) -> Exception:
    with pytest.raises((Retriable, Fatal)) as found, reaching(SETTINGS, "send to in.VN-CUSTOMS.v1"):
        raise exc
    assert str(found.value).startswith("cannot send to in.VN-CUSTOMS.v1")
    return found.value


@pytest.mark.parametrize(
    ("exc", "kind", "words"),
    [
        pytest.param(TopicAuthorizationFailedError({"x"}), Refused, "vn-customs has no right to it", id="another's topic"),
        pytest.param(GroupAuthorizationFailedError(), Refused, "has no right", id="another's group"),
        pytest.param(UnknownTopicOrPartitionError(), Refused, "mekong agency add", id="no such topic"),
        pytest.param(SaslAuthenticationFailedError(), Refused, "MEKONG_KAFKA_PASSWORD", id="a wrong password"),
        pytest.param(NotLeaderForPartitionError(), Retriable, "now", id="a broker that moves"),
        pytest.param(BOOTSTRAP, Retriable, "kafka.example:9093", id="nobody answers"),
        pytest.param(IllegalStateError("odd"), Fatal, "IllegalStateError: odd", id="anything else"),
    ],
)
def test_an_error_says_whose_turn_it_is(exc, kind, words):
    found = raised(exc)
    assert type(found) is kind
    assert words in str(found)


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        ("connection failed: SaslAuthenticationFailedError: bad credentials", "MEKONG_KAFKA_PASSWORD"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate", "MEKONG_KAFKA_CAFILE"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)", "has expired"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for", "another host"),
        ("Handshake failed: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "MEKONG_KAFKA_SECURITY_PROTOCOL"),
        ("Handshake failed: [SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert", "MEKONG_KAFKA_SECURITY_PROTOCOL"),
    ],
)
def test_the_true_cause_of_a_bootstrap_that_fails_is_heard_in_the_library_s_log(logged, words):
    with reaching(SETTINGS, "listen"):
        logging.getLogger("kafka.conn").error(logged)
    found = raised(BOOTSTRAP)
    assert type(found) is Refused
    assert words in str(found)


@pytest.mark.parametrize(
    "logged",
    [
        "<KafkaSSLTransport [127.0.0.1:29520<-41734]>: Abort (KafkaConnectionError: socket disconnected)",
        "Connection failed: Handshake failed: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol",
        "Handshake failed: EOF occurred in violation of protocol (_ssl.c:1006)",
        "Handshake failed: [Errno 104] Connection reset by peer",
        "<KafkaSSLTransport [10.0.0.1:9093<-5]>: Error receiving network data closing socket",
    ],
)
def test_an_outage_over_tls_is_an_outage(logged):
    with reaching(SETTINGS, "listen"):
        logging.getLogger("kafka.net.transport").error(logged)
    assert type(raised(BOOTSTRAP)) is Retriable


def test_an_error_that_is_not_kafka_s_passes():
    with pytest.raises(KeyError), reaching(SETTINGS, "read"):
        raise KeyError
