"""Gives kafka-python a fair way to its first broker: each address has its share of the time, and a failed one waits for the others.

kafka-python 3.0.12 picks an address at random and gives this address all the time there is. A broker can accept the connection and
then not answer, for example while it starts or when its machine hangs. With one such broker of three, one command of three failed.
tests/contract/test_kafka_private_parts.py checks the private parts that are replaced here.
"""

from __future__ import annotations

from typing import Any

from kafka.cluster import ClusterMetadata
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

EACH_MS = 5_000
"""The time for one address. A wrong user, authority or protocol shows only as this wait, twice: read the logger ``kafka``."""


def within_ms(addresses: int) -> int:
    """How long the first answer of one of these addresses may take. A single address gets the time of two."""
    return EACH_MS * max(2, addresses)


def client(**configs: Any) -> KafkaNetClient:
    """What a client of kafka-python reaches its brokers by: its option ``kafka_client``."""
    net = NetworkSelector(**configs)
    return KafkaNetClient(net=net, manager=_Manager(net, **configs))


class _Cluster(ClusterMetadata):  # type: ignore[misc]
    def bootstrap_brokers(self) -> list[Any]:
        """The addresses that failed least often. kafka-python picks one of them."""
        failures = {node_id: int(self._manager._backoff.get(node_id, (0,))[0]) for node_id in self._bootstrap_brokers}  # noqa: SLF001
        least = min(failures.values())
        return [self._bootstrap_brokers[node_id] for node_id, times in failures.items() if times == least]


class _Manager(KafkaConnectionManager):  # type: ignore[misc]
    def __init__(self, net: NetworkSelector, **configs: Any) -> None:
        super().__init__(net, **configs)
        self.cluster.__class__ = _Cluster  # the manager makes its own

    def get_connection(self, node_id: Any, timeout_ms: float | None = None, **options: Any) -> Any:
        """A connection; that to an address, of more than one, has its share of the time to be made."""
        if timeout_ms is not None and self.cluster.is_bootstrap(node_id) and len(self.cluster._bootstrap_brokers) > 1:  # noqa: SLF001
            timeout_ms = min(timeout_ms, EACH_MS)
        return super().get_connection(node_id, timeout_ms, **options)
