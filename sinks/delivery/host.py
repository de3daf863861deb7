"""Reads the host of a receiver's address, and refuses a host that programs may read in different ways. Pure.

``127.1``, ``2130706433``, ``0x7f.1``, ``0177.0.0.1``, ``127.0.0.1.`` and ``[::ffff:127.0.0.1]`` are the same machine to some programs.
To other programs they are a name or another machine. The connection must go to what was checked. So an address that is not in its
canonical form is refused. A host whose last part is a number is an address and not a name (WHATWG URL, "ends in a number").
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

from mekong.schemas.errors import Refused

_NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")


def host_of(url: str) -> str:
    """The host, without brackets. Raises Refused when there is none, or it is an address in a form that is not canonical."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # brackets around something else
        host = ""
    if not host:
        raise Refused(f"{url} does not name a host")
    if _is_address(_folded(host)) and not _is_canonical(host):
        raise Refused(f"{host} is an odd way to write an address: give it as 203.0.113.7 or [2001:db8::7], or give a name")
    return host


def _folded(host: str) -> str:
    """The host as name resolution reads it: digits and full stops of other scripts are digits and full stops (RFC 3490, 3.1)."""
    text = re.sub("[\u3002\uff0e\uff61]", ".", host)
    return "".join(str(unicodedata.digit(mark, mark)) for mark in unicodedata.normalize("NFKC", text))


def _is_address(host: str) -> bool:
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or "%" in host or not last or _NUMBER.fullmatch(last) is not None


def _is_canonical(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return host.isascii() and "%" not in host and address.compressed == host and not mapped
