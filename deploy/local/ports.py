"""Finds free ports on the loopback interface."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

HOST = "127.0.0.1"
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_240


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(last: Mapping[str, int], names: Iterable[str], taken: Collection[int] = ()) -> dict[str, int]:
    """A free port for each name, each another one and none of ``taken``: that of ``last`` where it is still free."""
    found: dict[str, int] = {}
    for name in names:
        port = last.get(name, 0)
        while not port or port in found.values() or port in taken or not is_free(port):
            port = free_port()
        found[name] = port
    return found


def free_port() -> int:
    """A port that is free now, below those that the system gives to outgoing connections.

    One of those would not do for a server that is restarted. A client that tries to reach the server while it is down can be given this
    very port for its own end. It then connects to itself, and the server cannot start.
    """
    try:
        end = int(_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        end = 32_768
    for _ in range(200):
        port = _LOWEST + secrets.randbelow(max(end - _LOWEST, 1))
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
