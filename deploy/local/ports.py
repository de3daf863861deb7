"""Free ports on the loopback interface."""

from __future__ import annotations

import secrets
import socket
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


def free_port() -> int:
    """A port that is free now, below those the system gives to outgoing connections.

    One of those would not do for a server that is restarted: a client that keeps trying to reach it while it is down will, now and
    then, be given that very port for its own end, connect to itself, and keep the server from coming back.
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
