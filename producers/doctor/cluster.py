"""Tries what the cluster allows this user: to log in, to reach every broker, to write the agency's topic, and to read its receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError, for_code

from mekong.producers.broker import reaching, was_closed
from mekong.producers.doctor.address import Place, names, ports
from mekong.producers.doctor.step import NETWORK, OPERATOR, Failed, Found
from mekong.producers.doctor.tls import speaks_tls
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING, agency_of, receipts_of

_FIRST_MS, _THEN_MS = 3_000, 7_000
"""How long a login may take. A refusal is known after the first time. A broker that is silent may be far or busy: it gets the second."""
_REQUEST_MS = 5_000
_BITS = {"READ": 1 << 3, "WRITE": 1 << 4}
"""The number of an operation in the broker's answer about rights (https://kafka.apache.org/protocol: AclOperation)."""
_NOT_SAID = -(2**31)


@contextmanager
def login(settings: Settings) -> Iterator[KafkaAdminClient]:
    """A client of the cluster that has logged in. Raises Failed with the cause."""
    admin = _logged_in(settings)
    try:
        with reaching(settings, "ask the broker"):
            yield admin
    except (Retriable, Fatal) as exc:
        raise Failed(str(exc), f"{OPERATOR}: the broker accepted the login and then did not answer") from exc
    finally:
        admin.close()


def _logged_in(settings: Settings) -> KafkaAdminClient:
    try:
        return _client(settings, _FIRST_MS)
    except Retriable as exc:
        if was_closed():
            raise _silent(settings) from exc
    except Refused as exc:
        raise _refused(settings, str(exc)) from exc
    try:
        return _client(settings, _THEN_MS)
    except Retriable as exc:
        raise _silent(settings) from exc
    except Refused as exc:
        raise _refused(settings, str(exc)) from exc


def _client(settings: Settings, within_ms: int) -> KafkaAdminClient:
    options = kafka_options(settings) | {"bootstrap_timeout_ms": within_ms, "request_timeout_ms": _REQUEST_MS}
    with reaching(settings, "log in"):
        return KafkaAdminClient(**options)


def _refused(settings: Settings, said: str) -> Failed:
    return Failed(said, f"{OPERATOR} for the user, the password and the mechanism of {settings.kafka_username or 'this agency'}")


def _silent(settings: Settings) -> Failed:
    protocol, address = settings.kafka_security_protocol, settings.bootstrap()
    if not protocol.endswith("SSL") and any(speaks_tls(*_place(one)) for one in address.split(",")):
        right = "SASL_SSL" if settings.kafka_username else "SASL_SSL or SSL"
        said = f"{address} speaks TLS, and MEKONG_KAFKA_SECURITY_PROTOCOL is {protocol}: set {right}"
    elif not protocol.startswith("SASL"):
        said = f"{address} answers, but not to a client without a user: MEKONG_KAFKA_SECURITY_PROTOCOL is {protocol}"
    else:
        said = f"{address} answers, but not as a Kafka broker that asks for a user"
    return Failed(said, f"{OPERATOR} which MEKONG_KAFKA_SECURITY_PROTOCOL and which port are right")


def _place(address: str) -> Place:
    host, _, port = address.strip().rpartition(":")
    return Place(host.strip("[]"), int(port))


def brokers(admin: KafkaAdminClient) -> Found:
    """Try every broker of the cluster: a client is sent on to the one that has its topic. Raises Failed when one cannot be reached."""
    places = sorted({Place(broker.host, broker.port) for broker in admin._manager.cluster.brokers()})  # noqa: SLF001 - see the test of private parts
    let = f"{NETWORK}: let TCP out from this machine to {', '.join(map(str, places))}: Kafka sends its clients on to each of them"
    known, found = _all(lambda: names(places), let)
    _, found = _all(lambda: ports(known), let)
    return Found("brokers", "ok", found.said)


def _all(step: Any, ask: str) -> tuple[list[Place], Found]:
    try:
        places, found = step()
    except Failed as exc:
        raise Failed(exc.said, ask) from exc
    if found.result != "ok":
        raise Failed(found.said, ask)
    return places, found


def rights(admin: KafkaAdminClient, agency: str, user: str) -> tuple[str, Found]:
    """The agency's topic, when this user may write it and read its receipts. Raises Failed otherwise."""
    seen = [one["name"] for one in admin.describe_topics() if agency_of(one["name"]) == agency]
    topic = max(seen, key=lambda name: (len(name), name), default=INCOMING.of(agency))
    receipts = receipts_of(topic)
    described = {one["name"]: one for one in admin.describe_topics([topic, receipts])}
    who = f"user {user}" if user else "this client"
    unknown = [name for name, one in described.items() if for_code(one["error_code"]) is UnknownTopicOrPartitionError]
    if unknown:
        said = f"{agency} is not registered here: Kafka does not have the topic {' and the topic '.join(sorted(unknown))}"
        raise Failed(said, f"{OPERATOR} to add the agency (`mekong agency add {agency}`), or for its right code")
    for operation, name in (("READ", receipts), ("WRITE", topic)):
        if not _may(described[name], operation):
            raise Failed(f"{who} may not {operation} topic {name}", f"{OPERATOR} for the right: {operation} topic {name} for {who}")
    return topic, Found("topics", "ok", f"{who} may write {topic} and read {receipts}")


def _may(described: Mapping[str, Any], operation: str) -> bool:
    if for_code(described["error_code"]) is TopicAuthorizationFailedError:
        return False
    allowed = described.get("topic_authorized_operations", _NOT_SAID)
    return bool(allowed == _NOT_SAID or allowed & _BITS[operation])
