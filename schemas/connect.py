"""Makes the arguments of every kafka-python client from the settings: how to reach a broker, and with which user."""

from __future__ import annotations

from typing import Any

from mekong.schemas.bootstrap import client, within_ms
from mekong.schemas.settings import Settings


def kafka_options(settings: Settings) -> dict[str, Any]:
    """What ``KafkaProducer``, ``KafkaConsumer`` and ``KafkaAdminClient`` need to connect.

    Raises Refused without an address, or when the file of the authority that is named cannot be used.
    """
    addresses = settings.bootstrap().split(",")
    options: dict[str, Any] = {
        "bootstrap_servers": addresses,
        "bootstrap_timeout_ms": within_ms(len(addresses)),
        "kafka_client": client,
        "security_protocol": settings.kafka_security_protocol,
    }
    if cafile := settings.cafile():
        options["ssl_cafile"] = cafile
    return options | login(settings)


def login(settings: Settings) -> dict[str, Any]:
    """The user of the broker, as kafka-python and aiokafka both accept it. Empty when the broker does not ask for a user."""
    if not settings.kafka_security_protocol.startswith("SASL"):
        return {}
    return {
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password.get_secret_value(),
    }
