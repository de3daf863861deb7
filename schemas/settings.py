"""Reads the settings from the environment, then from the local stack's file. No other module reads the environment."""

from __future__ import annotations

import json
import logging
import os
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mekong.schemas.errors import Refused
from mekong.schemas.keys import CONTROL, LINKS, SHORTEST_SECRET, Keys, Replaced

log = logging.getLogger(__name__)


class Settings(BaseSettings):
    """All settings, from ``MEKONG_*`` variables. A missing or empty one is read from the local stack under ``home``."""

    model_config = SettingsConfigDict(env_prefix="MEKONG_", env_ignore_empty=True, frozen=True, extra="ignore")

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
    """Replicas of the topics that are created; 3 on a real cluster."""
    metrics: str = ""
    """``[HOST:]PORT``: where this process serves its metrics, and whether it is alive and ready; without a host, for this machine alone."""
    log: Literal["text", "json"] = "text"
    """``json``: each line of a process's log is a JSON object."""
    clickhouse_url: SecretStr = SecretStr("")
    """``http[s]://user:password@host:port/database``"""
    secret: SecretStr = SecretStr("")
    """The secret of the deployment: event ids and control records are made with it. All processes have the same one; it never changes."""
    control_secret: SecretStr = SecretStr("")
    """The secret of control records, when they must have another than the deployment's."""
    control_secret_previous: SecretStr = SecretStr("")
    """``<day>:<secret>``: the one before, and the day it was replaced; holds for 31 days more."""
    links_secret: SecretStr = SecretStr("")
    """The secret of links for answers, when they must have another than the deployment's."""
    links_secret_previous: SecretStr = SecretStr("")
    """``<day>:<secret>``, as above."""
    conveyance_key: SecretStr = SecretStr("")
    """The key of one operation, shared by its members. Conveyances are shared as an HMAC under this key."""
    clock: Literal["on", "off"] = "on"
    """``off`` in an isolated stack that replays old data with the data's own time."""
    rules: Path | None = None
    """File (TOML) with other thresholds of the detectors; the same for every worker."""
    webhook_allow_private: bool = False
    """Whether webhooks may go to addresses that are not public, and links to ``http``: only where every subscriber is trusted."""
    smtp_url: SecretStr = SecretStr("")
    """``smtp[s]://[user:password@]host[:port]``"""
    mail_from: str = ""
    """The sender's address of mails."""
    public_url: str = ""
    """The address at which people reach ``mekong events``, as ``https://alerts.example.org``.

    With it, mails and webhooks have links for answers.
    """
    stream_tokens: Path | None = None
    """File of the tokens of server-sent events: a line each, ``<member> <token>``."""

    url: str = ""
    """The exchange's address for a machine that reaches no Kafka port, as ``https://exchange.example.org`` (`mekong gateway`)."""
    token: SecretStr = SecretStr("")
    """The agency's token for ``url``."""
    url_cafile: Path | None = None
    """The authority that signed the certificate of ``url`` (PEM), when it is not one that this machine knows."""
    gateway_cert: Path | None = None
    """The certificate of `mekong gateway` with its chain (PEM). Without it the gateway only listens on this machine, or behind a proxy."""
    gateway_key: Path | None = None
    """The private key of ``gateway_cert`` (PEM)."""
    console_key: SecretStr = SecretStr("")
    """The key of the live page: 32 characters or more. Without it `mekong web` leaves the page out."""
    gateway_messages_per_minute: PositiveInt = 60_000
    """What one agency may send through one gateway in a minute."""
    gateway_bytes_per_minute: PositiveInt = 100_000_000
    """The same in bytes, unpacked."""

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

    def cafile(self) -> str | None:
        """The file of the certificate authority, or None when none is set.

        Raises Refused when it is not such a file, because Kafka's clients would only report a time-out.
        """
        if self.kafka_cafile is None:
            return None
        try:
            is_pem = b"-----BEGIN " in self.kafka_cafile.read_bytes()
        except OSError as exc:
            raise Refused(f"MEKONG_KAFKA_CAFILE: {self.kafka_cafile} cannot be read: {exc.strerror}.") from exc
        if not is_pem:
            raise Refused(f"MEKONG_KAFKA_CAFILE: {self.kafka_cafile} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
        return str(self.kafka_cafile)

    def clickhouse(self) -> str:
        """ClickHouse's address with user and database. Raises Refused when there is none."""
        return self.clickhouse_url.get_secret_value() or str(self._found("clickhouse", "url", "MEKONG_CLICKHOUSE_URL"))

    def clickhouse_to_read(self) -> str:
        """The same for questions of a person: of a local stack, the user ``analyst``, which can only read. Raises Refused as above."""
        of_stack = self.stack.get("clickhouse", {}).get("analyst_url", "")
        return self.clickhouse_url.get_secret_value() or of_stack or self.clickhouse()

    def deployment_secret(self) -> bytes:
        """The deployment's secret. Raises Refused when there is none."""
        return (self.secret.get_secret_value() or str(self._found("secret", "", "MEKONG_SECRET"))).encode()

    def has_secret(self) -> bool:
        """Whether this process knows the deployment's secret."""
        return bool(self.secret.get_secret_value() or self.stack.get("secret"))

    def check_new_secret(self) -> None:
        """Check the secret of a new deployment. Raises Refused when the secret is known here and can be guessed."""
        if not self.has_secret():
            return  # a person who only creates topics may not have it
        if (length := len(self.deployment_secret())) < SHORTEST_SECRET:
            how = "`openssl rand -hex 32` makes one. It stays for ever: event ids are made with it"
            raise Refused(f"MEKONG_SECRET has {length} bytes: a new deployment needs at least {SHORTEST_SECRET}; {how}")

    def control_keys(self) -> Keys:
        """The keys of control records. Raises Refused without a secret, or when a new one is too short."""
        return self._keys(CONTROL, "MEKONG_CONTROL_SECRET", self.control_secret, self.control_secret_previous)

    def link_keys(self) -> Keys:
        """The keys of links for answers. Raises Refused like ``control_keys``."""
        return self._keys(LINKS, "MEKONG_LINKS_SECRET", self.links_secret, self.links_secret_previous)

    def _keys(self, purpose: str, variable: str, own: SecretStr, previous: SecretStr) -> Keys:
        deployment, given = self.deployment_secret(), own.get_secret_value().encode()
        _say_when_short(len(deployment))
        if given and len(given) < SHORTEST_SECRET:
            raise Refused(f"{variable} has {len(given)} bytes: give at least {SHORTEST_SECRET}")
        return Keys.of(purpose, deployment, given, _replaced(f"{variable}_PREVIOUS", previous.get_secret_value()))

    def check_webhook_secret(self, name: str, member: str) -> None:
        """Whether a member's subscription may name this secret. Raises Refused: another's receivers would believe it."""
        own, variable = member.replace("-", "_"), f"MEKONG_WEBHOOK_MEMBER_{name}"
        if name != own and not name.startswith(f"{own}__") and os.environ.get(variable) != member:  # no code has two hyphens in a row
            raise Refused(
                f"{name} is not a secret of {member}: name {own}, or {own}__ and more; or set {variable}={member} at the notifier"
            )

    def webhook_secret(self, name: str, member: str) -> str:
        """The secret that a member's subscription names. Raises Refused when it is not the member's, or not set."""
        self.check_webhook_secret(name, member)
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
            raise Refused(f"{variable} is not set, and a local stack does not run in {self.home}: start one with `mekong up`.")
        return value


@lru_cache
def _say_when_short(length: int) -> None:
    """Once in a process: a deployment cannot change its secret any more."""
    if length < SHORTEST_SECRET:
        log.warning("MEKONG_SECRET has %d bytes; a new deployment needs %d. See docs/runbook.md, Secrets", length, SHORTEST_SECRET)


def _replaced(variable: str, text: str) -> Replaced | None:
    if not text:
        return None
    day, _, secret = text.partition(":")
    try:
        return Replaced(secret.encode(), date.fromisoformat(day)) if secret else _refuse_previous(variable)
    except ValueError:
        return _refuse_previous(variable)


def _refuse_previous(variable: str) -> NoReturn:
    raise Refused(f"{variable}: give the day on which it was replaced, and the secret, as 2026-11-28:<secret>")


def settings() -> Settings:
    """The settings of this process. Raises Refused, naming the variable that is wrong.

    An empty variable is not set. Only the protocol must not be empty: without one, messages would go out in plain text.
    """
    if os.environ.get("MEKONG_KAFKA_SECURITY_PROTOCOL") == "":
        raise Refused("MEKONG_KAFKA_SECURITY_PROTOCOL is set and empty: give PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, or unset it")
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise Refused(f"MEKONG_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}") from exc
