"""Settings: the environment first, then the local stack's file."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext

import pytest

from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings, settings

STACK = {
    "stack_id": "s1",
    "kafka": {"bootstrap": "127.0.0.1:19092", "cluster_id": "c1"},
    "clickhouse": {"url": "http://127.0.0.1:18123/mekong"},
    "secret": "of the stack",
    "clock": "off",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("MEKONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path))


@pytest.fixture
def stack(tmp_path):
    (tmp_path / "stack.json").write_text(json.dumps(STACK), encoding="utf-8")


def test_everything_comes_from_the_local_stack_when_nothing_is_set(stack):
    found = settings()
    assert found.bootstrap() == "127.0.0.1:19092"
    assert found.clickhouse() == "http://127.0.0.1:18123/mekong"
    assert found.deployment_secret() == b"of the stack"
    assert not found.clock_is_on()


def test_the_environment_comes_first(stack, monkeypatch):
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", "kafka.example:9093")
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "https://u:p@ch.example:8443/mekong")
    monkeypatch.setenv("MEKONG_SECRET", "mine")
    monkeypatch.setenv("MEKONG_CLOCK", "on")
    found = settings()
    assert found.bootstrap() == "kafka.example:9093"
    assert found.clickhouse() == "https://u:p@ch.example:8443/mekong"
    assert found.deployment_secret() == b"mine"
    assert found.clock_is_on()


@pytest.mark.parametrize(
    ("ask", "variable"),
    [("bootstrap", "MEKONG_KAFKA_BOOTSTRAP"), ("clickhouse", "MEKONG_CLICKHOUSE_URL"), ("deployment_secret", "MEKONG_SECRET")],
)
def test_what_is_nowhere_is_refused_by_the_name_of_its_variable(ask, variable):
    with pytest.raises(Refused, match=variable):
        getattr(settings(), ask)()


def test_the_clock_is_on_unless_somebody_says_otherwise():
    assert settings().clock_is_on()


def test_a_wrong_value_is_refused_by_the_name_of_its_variable(monkeypatch):
    monkeypatch.setenv("MEKONG_KAFKA_REPLICATION", "three")
    with pytest.raises(Refused, match="MEKONG_KAFKA_REPLICATION"):
        settings()


def test_a_broken_stack_file_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "stack.json").write_text("{", encoding="utf-8")
    with pytest.raises(Refused, match="mekong reset --yes"):
        settings().bootstrap()


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch):
    monkeypatch.setenv("MEKONG_SECRET", "hush")
    monkeypatch.setenv("MEKONG_KAFKA_PASSWORD", "hush")
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "https://u:hush@ch.example/mekong")
    assert "hush" not in repr(settings())


@pytest.mark.parametrize(
    ("name", "is_its"), [("LA_CUSTOMS", True), ("LA_CUSTOMS__FUSION", True), ("LA_CUSTOMS_BORDER", False), ("VN_CUSTOMS", False)]
)
def test_a_member_may_name_its_own_webhook_secrets_only(monkeypatch, name, is_its):
    monkeypatch.setenv(f"MEKONG_WEBHOOK_SECRET_{name}", "hush")
    with nullcontext() if is_its else pytest.raises(Refused, match="not a secret of LA-CUSTOMS"):
        assert settings().webhook_secret(name, "LA-CUSTOMS") == "hush"


def test_a_secret_of_another_name_is_given_to_one_member(monkeypatch):
    monkeypatch.setenv("MEKONG_WEBHOOK_SECRET_FUSION", "hush")
    monkeypatch.setenv("MEKONG_WEBHOOK_MEMBER_FUSION", "LA-CUSTOMS")
    assert settings().webhook_secret("FUSION", "LA-CUSTOMS") == "hush"
    with pytest.raises(Refused, match="MEKONG_WEBHOOK_MEMBER_FUSION=VN-CUSTOMS"):
        settings().webhook_secret("FUSION", "VN-CUSTOMS")


def test_an_empty_protocol_is_refused_and_never_plain_text(monkeypatch):
    monkeypatch.setenv("MEKONG_KAFKA_SECURITY_PROTOCOL", "")
    with pytest.raises(Refused, match="MEKONG_KAFKA_SECURITY_PROTOCOL is set and empty"):
        settings()


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - {"kafka_security_protocol"}))
def test_a_variable_that_is_set_and_empty_is_not_set(monkeypatch, name):
    monkeypatch.setenv("MEKONG_HOME", "")
    without = settings()
    monkeypatch.setenv(f"MEKONG_{name.upper()}", "")
    assert settings() == without
    assert str(settings().home) == ".mekong"
