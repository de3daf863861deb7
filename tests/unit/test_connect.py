"""``kafka_options``: one place says how a broker is reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from schemas.connect import kafka_options
from schemas.errors import Refused
from schemas.settings import Settings


def test_a_plain_broker_needs_its_addresses_only():
    options = kafka_options(Settings(kafka_bootstrap="a:1,b:2"))
    assert options["bootstrap_servers"] == ["a:1", "b:2"]
    assert options["security_protocol"] == "PLAINTEXT"
    assert not any(name.startswith(("sasl", "ssl")) for name in options)


def test_a_cluster_with_users_gets_name_password_and_authority():
    settings = Settings(
        kafka_bootstrap="a:1", kafka_security_protocol="SASL_SSL", kafka_username="vn", kafka_password="secret", kafka_cafile=Path("ca.pem")
    )
    options = kafka_options(settings)
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("vn", "secret")
    assert options["ssl_cafile"] == "ca.pem"


def test_without_an_address_the_sentence_names_the_variable_and_the_command(tmp_path):
    with pytest.raises(Refused, match=r"MEKONG_KAFKA_BOOTSTRAP is not set.*mekong up"):
        kafka_options(Settings(home=tmp_path))


@pytest.mark.parametrize("client", [KafkaProducer, KafkaConsumer, KafkaAdminClient])
def test_every_option_is_one_that_each_client_knows(client):
    settings = Settings(kafka_bootstrap="a:1", kafka_security_protocol="SASL_SSL", kafka_username="x", kafka_cafile=Path("ca.pem"))
    assert set(kafka_options(settings)) <= set(client.DEFAULT_CONFIG)
