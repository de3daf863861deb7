"""Turns kafka-python's exceptions into the project's errors, with a sentence. Reads the logger ``kafka``: often only it has the cause."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from mekong.producers.last_words import are_heard
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.settings import Settings

_CAUSES = (  # what the library logs, as a pattern; what it means for the person who set it up
    ("SaslAuthenticationFailed", "the user name or the password is not accepted (MEKONG_KAFKA_USERNAME, MEKONG_KAFKA_PASSWORD)"),
    ("UnsupportedSaslMechanism", "the broker does not know this MEKONG_KAFKA_SASL_MECHANISM"),
    (r"certificate has expired", "the broker's certificate has expired: tell the operator"),
    (r"(Hostname|IP address) mismatch", "the broker's certificate is of another host than MEKONG_KAFKA_BOOTSTRAP names"),
    (r"CERTIFICATE_VERIFY_FAILED", "the broker's certificate is not signed by the authority in MEKONG_KAFKA_CAFILE"),
    (
        r"\[SSL: (WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|\w+_ALERT_\w+|HTTP_REQUEST)\]",
        "no TLS could be agreed on: check MEKONG_KAFKA_SECURITY_PROTOCOL and the port",
    ),
)
"""Only the texts that OpenSSL itself writes. A connection that breaks also names SSL, but that is an outage."""


class _Heard(logging.Handler):
    """The last warnings of the library. Having a handler also keeps them off the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: deque[str] = deque(maxlen=50)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


_heard = _Heard()
are_heard()


def reader(settings: Settings, **more: Any) -> KafkaConsumer:
    """A consumer of committed records that needs no group: whoever reads keeps the place. ``more``: options beside these, or instead."""
    options = {
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
        "allow_auto_create_topics": False,
        "metrics_enabled": False,
    }
    return KafkaConsumer(**kafka_options(settings), **(options | more))


@contextmanager
def reaching(settings: Settings, doing: str) -> Iterator[None]:
    """Turn an error of Kafka inside the block into Retriable, Refused or Fatal, with what was being done.

    ``doing`` is a phrase such as "send to in.VN-CUSTOMS.v1".
    """
    logging.getLogger("kafka").addHandler(_heard)  # adding it twice changes nothing
    try:
        yield
    except KafkaError as exc:
        raise translated(exc, settings, doing) from exc


def expect(producer: KafkaProducer, topics: Iterable[str]) -> None:
    """Give a producer the topics that it will write to, so that it asks for all of them at once.

    By itself it asks at the first record of each topic, and waits at least 0.1 s every time. kafka-python has only a private call.
    """
    for topic in topics:
        producer._sender.add_topic(topic)  # noqa: SLF001


def was_closed() -> bool:
    """Whether a broker closed a connection before it answered. It refuses without a word, and a longer wait does not help."""
    return any("Connection lost" in message for message in _heard.messages)


def cluster_id(settings: Settings, within_ms: int = 0) -> str:
    """The id of the Kafka cluster, whatever its address. Raises Refused or Retriable when it cannot be reached.

    ``within_ms``: for the connection, and again for the answer; 0 means the usual times.
    """
    limits = {"bootstrap_timeout_ms": within_ms, "request_timeout_ms": within_ms} if within_ms else {}
    with reaching(settings, "reach the exchange"):
        admin = KafkaAdminClient(**(kafka_options(settings) | limits))
        try:
            return str(admin.describe_cluster()["cluster_id"])
        finally:
            admin.close()


def translated(exc: BaseException, settings: Settings, doing: str) -> Retriable | Fatal:
    """The error of ``schemas/errors.py`` that says what a person or process should do about ``exc``."""
    who = settings.kafka_username or "this client"
    if isinstance(exc, TopicAuthorizationFailedError):
        return Refused(f"cannot {doing}: {who} has no right to it. Only the agency itself may use its topics; ask the operator.")
    if isinstance(exc, AuthorizationError):
        return Refused(f"cannot {doing}: {who} has no right to it ({type(exc).__name__}).")
    if isinstance(exc, UnknownTopicOrPartitionError):
        return Refused(
            f"cannot {doing}: the topic does not exist. `mekong agency list` shows who is registered, `mekong agency add` adds one."
        )
    if isinstance(exc, SaslAuthenticationFailedError) or (isinstance(exc, KafkaTimeoutError) and "bootstrap" in str(exc)):
        return _unreached(exc, settings, doing)
    if isinstance(exc, RetriableError):
        return Retriable(f"cannot {doing} now: {exc}")
    return Fatal(f"cannot {doing}: {type(exc).__name__}: {exc}")


def _unreached(exc: BaseException, settings: Settings, doing: str) -> Retriable | Refused:
    heard = [*_heard.messages, type(exc).__name__]
    for word, meaning in _CAUSES:
        if any(re.search(word, message) for message in heard):
            return Refused(f"cannot {doing}: {meaning}.")
    last = f" ({_heard.messages[-1][:200]})" if _heard.messages else ""
    return Retriable(f"cannot {doing}: no Kafka broker answers at {settings.bootstrap()}{last}. Is the stack up (`mekong status`)?", 5.0)
