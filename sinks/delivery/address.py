"""Finds the addresses of a receiver's host name that a connection may go to, and connects only to these.

A member's webhook must not reach the exchange's own network. So addresses that are not public are refused after the name is resolved.
The connection goes to the address that was checked, so a name cannot change its answer in between. The way a host is written is
checked earlier (host.py). Each address is checked again when its socket is made, so safety does not depend on the HTTP client.

A lookup cannot be cancelled. So each name has one lookup at a time, in its own threads, and a name without an answer delays no other name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits

MOST_LOOKUPS = 200
"""At the same time."""
Answers = list[tuple[Any, ...]]
"""The result of ``socket.getaddrinfo``."""


class AddressRefused(OSError):  # noqa: N818 - named for what happened
    """The receiver's address is not public."""


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet, and so does the IPv4 address inside it, when it has one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(map(_is_public, (address, *_inside(address))))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    unassigned = address.is_reserved and address not in _NAT64
    return address.is_global and not address.is_multicast and not unassigned


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(address.packed[-4:]))
    return [one for one in found if one is not None]


def check_literal(host: str) -> None:
    """Refuse an address that is not public; a name passes, the resolver looks at where it leads. Raises AddressRefused."""
    try:
        public = is_public(host)
    except ValueError:
        return
    if not public:
        raise AddressRefused(f"{host} is not a public address")


def public_socket(place: AddrInfoType) -> socket.socket:
    """A socket to connect to this place with: the last door, whatever was checked before. Raises AddressRefused."""
    kind, type_, proto, _, (host, *_) = place
    try:
        public = is_public(str(host))
    except ValueError:
        public = False
    if not public:
        raise AddressRefused(f"{host} is not a public address")
    return socket.socket(kind, type_, proto)


class Resolver(AbstractResolver):
    """Resolves names as the system does, and leaves out every address that is not public, unless ``private`` is allowed."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._lookups = ThreadPoolExecutor(MOST_LOOKUPS, thread_name_prefix="lookup")
        self._asked: dict[tuple[str, int], asyncio.Future[Answers]] = {}

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """The addresses to connect to. Raises AddressRefused when the name leads only to others, OSError when it is unknown."""
        answers = await asyncio.shield(self._lookup(host, family))  # the caller may stop waiting; the lookup continues for the next caller
        found = [(kind, proto, str(place[0])) for kind, _, proto, _, place in answers if self._private or is_public(str(place[0]))]
        if not found:
            raise AddressRefused(f"{host} leads to no public address")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST)
            for kind, proto, address in found
        ]

    async def close(self) -> None:
        """Begin no further lookup. One under way ends by itself; the process waits for it when it ends."""
        self._lookups.shutdown(wait=False, cancel_futures=True)

    def _lookup(self, host: str, family: int) -> asyncio.Future[Answers]:
        """The lookup of the name that is under way, or a new one."""
        asked = host, family
        if asked not in self._asked:
            ask = partial(socket.getaddrinfo, host, None, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            self._asked[asked] = asyncio.get_running_loop().run_in_executor(self._lookups, ask)
            self._asked[asked].add_done_callback(partial(self._answered, asked))
        return self._asked[asked]

    def _answered(self, asked: tuple[str, int], answer: asyncio.Future[Answers]) -> None:
        del self._asked[asked]
        if not answer.cancelled():
            answer.exception()  # it was looked at: perhaps nobody waits for it any more
