"""Settings in, the keyword arguments of every kafka-python client out: how a broker is reached and who we are there."""

from __future__ import annotations

from typing import Any

from schemas.settings import Settings

BOOTSTRAP_TIMEOUT_MS = 10_000
"""A wrong password, user, authority or protocol shows as nothing but this wait: keep it short, and read the logger ``kafka``."""


def kafka_options(settings: Settings) -> dict[str, Any]:
    """What ``KafkaProducer``, ``KafkaConsumer`` and ``KafkaAdminClient`` need to connect. Raises Refused when there is no address."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap().split(","),
        "bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_cafile:
        options["ssl_cafile"] = str(settings.kafka_cafile)
    if settings.kafka_security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return options
