"""What kafka-python raises in, our errors with a sentence out. Its true causes are often only in the logger ``kafka``, so we listen."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from schemas.errors import Fatal, Refused, Retriable
from schemas.settings import Settings

_CAUSES = (  # a word of what the library logs, what it means for the person who set it up
    ("SaslAuthenticationFailed", "the user name or the password is not accepted (MEKONG_KAFKA_USERNAME, MEKONG_KAFKA_PASSWORD)"),
    ("UnsupportedSaslMechanism", "the broker does not know this MEKONG_KAFKA_SASL_MECHANISM"),
    ("CERTIFICATE_VERIFY_FAILED", "the broker's certificate is not signed by the authority in MEKONG_KAFKA_CAFILE"),
    ("SSL", "no TLS could be agreed on: check MEKONG_KAFKA_SECURITY_PROTOCOL and the port"),
)


class _Heard(logging.Handler):
    """The last warnings of the library. Having a handler also keeps them off the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: deque[str] = deque(maxlen=50)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


_heard = _Heard()


@contextmanager
def reaching(settings: Settings, doing: str) -> Iterator[None]:
    """Within it an error of Kafka becomes Retriable, Refused or Fatal, and says what was being done.

    ``doing`` is a phrase such as "send to in.VN-CUSTOMS.v1".
    """
    logging.getLogger("kafka").addHandler(_heard)  # adding it twice changes nothing
    try:
        yield
    except KafkaError as exc:
        raise translated(exc, settings, doing) from exc


def expect(producer: KafkaProducer, topics: Iterable[str]) -> None:
    """Tell a producer which topics it will write to, so that it asks for all of them at once.

    By itself it asks at the first record of each, and waits at least 0.1 s every time. There is no public call for it.
    """
    for topic in topics:
        producer._sender.add_topic(topic)  # noqa: SLF001


def translated(exc: BaseException, settings: Settings, doing: str) -> Retriable | Fatal:
    """The error of ours that says what a person or process should do about ``exc``."""
    who = settings.kafka_username or "this client"
    if isinstance(exc, TopicAuthorizationFailedError):
        return Refused(f"cannot {doing}: {who} has no right to it. Only the agency itself may use its topics; ask the operator.")
    if isinstance(exc, AuthorizationError):
        return Refused(f"cannot {doing}: {who} has no right to it ({type(exc).__name__}).")
    if isinstance(exc, UnknownTopicOrPartitionError):
        return Refused(
            f"cannot {doing}: there is no such topic. `mekong agency list` shows who is registered, `mekong agency add` adds one."
        )
    if isinstance(exc, SaslAuthenticationFailedError) or (isinstance(exc, KafkaTimeoutError) and "bootstrap" in str(exc)):
        return _unreached(exc, settings, doing)
    if isinstance(exc, RetriableError):
        return Retriable(f"cannot {doing} now: {exc}")
    return Fatal(f"cannot {doing}: {type(exc).__name__}: {exc}")


def _unreached(exc: BaseException, settings: Settings, doing: str) -> Retriable | Refused:
    heard = [*_heard.messages, type(exc).__name__]
    for word, meaning in _CAUSES:
        if any(word in message for message in heard):
            return Refused(f"cannot {doing}: {meaning}.")
    last = f" ({_heard.messages[-1][:200]})" if _heard.messages else ""
    return Retriable(f"cannot {doing}: no Kafka broker answers at {settings.bootstrap()}{last}. Is the stack up (`mekong status`)?", 5.0)
