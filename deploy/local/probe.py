"""Finds which server answers at an address: the cluster id of a Kafka broker, the display name of a ClickHouse server."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from base64 import b64encode
from urllib.parse import urlsplit

from kafka import KafkaAdminClient
from kafka.errors import KafkaError


def cluster_at(bootstrap: str, wait_ms: int = 2_000) -> str | None:
    """The cluster id of the broker at ``bootstrap``, or None when none answers within ``wait_ms``."""
    log = logging.getLogger("kafka")
    level = log.level
    log.setLevel(logging.CRITICAL)  # while the server starts, each try to connect would be logged as an error
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=wait_ms, request_timeout_ms=wait_ms)
        try:
            return str(admin.describe_cluster()["cluster_id"])
        finally:
            admin.close()
    except KafkaError:
        return None
    finally:
        log.setLevel(level)


def answer_of(url: str, sql: str, wait_s: float = 2.0) -> str | None:
    """The answer of the ClickHouse server at ``http://user:password@host:port/…`` to ``sql``. None when it does not answer."""
    at = urlsplit(url)
    asked = urllib.request.Request(f"http://{at.hostname}:{at.port}/", data=sql.encode())
    asked.add_header("Authorization", "Basic " + b64encode(f"{at.username}:{at.password}".encode()).decode())
    try:
        with urllib.request.urlopen(asked, timeout=wait_s) as answer:  # noqa: S310
            return str(answer.read().decode()).strip()
    except (OSError, urllib.error.URLError):
        return None
