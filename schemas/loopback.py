"""Tells whether a host is this machine itself: only there may a token travel without TLS, and past a proxy."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether the address, or ``localhost``, is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(header: str) -> str:
    """The name or address in a header Host, without its port; empty when it has none that can be read."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
