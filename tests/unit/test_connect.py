"""``kafka_options``: one place says how a broker is reached."""

from __future__ import annotations

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.streams.app import connection


def test_a_plain_broker_needs_its_addresses_only():
    options = kafka_options(Settings(kafka_bootstrap="a:1,b:2"))
    assert options["bootstrap_servers"] == ["a:1", "b:2"]
    assert options["security_protocol"] == "PLAINTEXT"
    assert not any(name.startswith(("sasl", "ssl")) for name in options)


@pytest.fixture
def authority(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    return path


def test_a_cluster_with_users_gets_name_password_and_authority(authority):
    settings = Settings(
        kafka_bootstrap="a:1", kafka_security_protocol="SASL_SSL", kafka_username="vn", kafka_password="secret", kafka_cafile=authority
    )
    options = kafka_options(settings)
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("vn", "secret")
    assert options["ssl_cafile"] == str(authority)


@pytest.mark.parametrize("options_of", [kafka_options, connection])
@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read: No such file"), (b"\x30\x82", "no certificate in PEM form")])
def test_an_authority_that_is_not_there_is_said_before_anything_is_tried(tmp_path, options_of, content, said):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused, match=f"MEKONG_KAFKA_CAFILE: {path} .*{said}"):
        options_of(Settings(kafka_bootstrap="a:1", kafka_security_protocol="SSL", kafka_cafile=path))


def test_without_an_address_the_sentence_names_the_variable_and_the_command(tmp_path):
    with pytest.raises(Refused, match=r"MEKONG_KAFKA_BOOTSTRAP is not set.*mekong up"):
        kafka_options(Settings(home=tmp_path))


@pytest.mark.parametrize("client", [KafkaProducer, KafkaConsumer, KafkaAdminClient])
def test_every_option_is_one_that_each_client_knows(client, authority):
    settings = Settings(kafka_bootstrap="a:1", kafka_security_protocol="SASL_SSL", kafka_username="x", kafka_cafile=authority)
    assert set(kafka_options(settings)) <= set(client.DEFAULT_CONFIG)


def test_both_clients_log_in_alike():
    settings = Settings(
        kafka_bootstrap="a:1", kafka_security_protocol="SASL_PLAINTEXT", kafka_username="vn", kafka_password="secret", kafka_cafile=None
    )
    ours, theirs = kafka_options(settings), connection(settings)
    assert {name: value for name, value in theirs.items() if name.startswith("sasl")} == {
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "vn",
        "sasl_plain_password": "secret",
    }
    assert {name: ours[name] for name in theirs if name.startswith("sasl")} == {
        name: value for name, value in theirs.items() if name.startswith("sasl")
    }
