"""Where things are and how to reach them: the environment, then the local stack's own file. The one reader of the environment."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import Refused


class Settings(BaseSettings):
    """All settings, from ``MEKONG_*`` variables. What is not set is taken from the local stack under ``home``."""

    model_config = SettingsConfigDict(env_prefix="MEKONG_", frozen=True, extra="ignore")

    home: Path = Path(".mekong")
    """Where the local stack keeps its state."""
    kafka_bootstrap: str = ""
    """``host:port[,host:port]``"""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_cafile: Path | None = None
    """The authority that signed the brokers' certificates (PEM)."""
    kafka_replication: int = 1
    """Replicas of the topics we make; 3 on a real cluster."""
    clickhouse_url: SecretStr = SecretStr("")
    """``http[s]://user:password@host:port/database``"""
    secret: SecretStr = SecretStr("")
    """Of the deployment: event ids and control records are made with it. The same for every process, for ever."""
    conveyance_key: SecretStr = SecretStr("")
    """Of one operation, shared by its members: conveyances travel as an HMAC under it."""
    clock: Literal["on", "off"] = "on"
    """``off`` in an isolated stack that replays old data with the data's own time."""
    rules: Path | None = None
    """File (TOML) with other thresholds of the detectors; the same for every worker."""
    webhook_allow_private: bool = False
    """Whether webhooks may go to addresses that are not public, and links to ``http``: only where every subscriber is trusted."""
    smtp_url: SecretStr = SecretStr("")
    """``smtp[s]://[user:password@]host[:port]``"""
    mail_from: str = ""
    """Address that mails come from."""
    public_url: str = ""
    """Where people reach ``mekong events``, as ``https://alerts.example.org``: mails and webhooks then have links to answer by."""
    stream_tokens: Path | None = None
    """File of the tokens of server-sent events: a line each, ``<member> <token>``."""

    @cached_property
    def stack(self) -> dict[str, Any]:
        """The local stack's file, or nothing when there is none."""
        try:
            found: dict[str, Any] = json.loads((self.home / "stack.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise Refused(f"{self.home / 'stack.json'} cannot be read: {exc}. `mekong reset --yes` makes a new stack.") from exc
        return found

    def bootstrap(self) -> str:
        """Kafka's address. Raises Refused when there is none."""
        return self.kafka_bootstrap or str(self._found("kafka", "bootstrap", "MEKONG_KAFKA_BOOTSTRAP"))

    def clickhouse(self) -> str:
        """ClickHouse's address with user and database. Raises Refused when there is none."""
        return self.clickhouse_url.get_secret_value() or str(self._found("clickhouse", "url", "MEKONG_CLICKHOUSE_URL"))

    def deployment_secret(self) -> bytes:
        """The deployment's secret. Raises Refused when there is none."""
        return (self.secret.get_secret_value() or str(self._found("secret", "", "MEKONG_SECRET"))).encode()

    def webhook_secret(self, name: str) -> str:
        """The secret that a subscription names. Raises Refused when it is not set."""
        variable = f"MEKONG_WEBHOOK_SECRET_{name}"
        if not (secret := os.environ.get(variable, "")):
            raise Refused(f"{variable} is not set")
        return secret

    def clock_is_on(self) -> bool:
        """Whether this deployment's time is the wall clock's."""
        return str(self.stack.get("clock", self.clock) if "clock" not in self.model_fields_set else self.clock) == "on"

    def _found(self, part: str, field: str, variable: str) -> Any:
        found = self.stack.get(part)
        value = found.get(field) if field and isinstance(found, dict) else found
        if not value:
            raise Refused(f"{variable} is not set, and there is no local stack in {self.home}: start one with `mekong up`.")
        return value


def settings() -> Settings:
    """The settings of this process. Raises Refused, naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise Refused(f"MEKONG_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}") from exc
