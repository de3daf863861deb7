"""Tries the way to each address of the exchange: the settings, the name, the port and TLS. No step takes longer than ``WITHIN_S``."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mekong.producers.doctor.at_once import WITHIN_S, at_once
from mekong.producers.doctor.step import NETWORK, OPERATOR, Failed, Found
from mekong.producers.doctor.tls import cause, context_of, shake_hands
from mekong.schemas.errors import Refused
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.settings import Settings

_ADDRESS = re.compile(r"\[?(?P<host>[^\[\]\s]+?)\]?:(?P<port>\d{1,5})")


class Place(NamedTuple):
    """The address of a broker."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read(settings: Callable[[], Settings], agency: str) -> tuple[Settings, list[Place]]:
    """The settings and the addresses in them. Raises Failed when they, or the agency's code, cannot be right."""
    if not re.fullmatch(AGENCY_PATTERN, agency):
        raise Failed(f"{agency!r} is not the code of an agency: it must be as VN-CUSTOMS", f"{OPERATOR} for the code of your agency")
    try:
        known = settings()
        known.cafile()
        addresses = known.bootstrap().split(",")
    except Refused as exc:
        raise Failed(str(exc), f"nobody yet: set the variable as {OPERATOR} wrote it to you (the agency's kit has the lines)") from exc
    found = [_ADDRESS.fullmatch(address.strip()) for address in addresses]
    for address, match in zip(addresses, found, strict=True):
        if match is None:
            raise Failed(f"MEKONG_KAFKA_BOOTSTRAP: {address!r} is not host:port", f"{OPERATOR} for the address, as broker.example:9093")
    if known.kafka_security_protocol.startswith("SASL") and not (known.kafka_username and known.kafka_password.get_secret_value()):
        variable = "MEKONG_KAFKA_PASSWORD" if known.kafka_username else "MEKONG_KAFKA_USERNAME"
        raise Failed(f"{variable} is not set, and {known.kafka_security_protocol} needs it", f"{OPERATOR} for the user and its password")
    return known, [Place(match["host"], int(match["port"])) for match in found if match]


def shown(settings: Settings) -> str:
    """The settings in a line, without any secret."""
    user = f", user {settings.kafka_username}" if settings.kafka_username else ""
    authority = f", authority {settings.kafka_cafile}" if settings.kafka_cafile else ""
    return f"{settings.bootstrap()}, {settings.kafka_security_protocol}{user}{authority}"


def network_steps(settings: Settings, places: Sequence[Place]) -> Iterator[Found]:
    """Name, port and TLS of all addresses at the same time. One that answers is enough: of several brokers one may be down."""
    reached, found = names(places)
    yield found
    reached, found = ports(reached)
    yield found
    yield _tls(settings, reached)


def names(places: Sequence[Place]) -> tuple[list[Place], Found]:
    """The places whose name has an address. Raises Failed when none has."""
    found = at_once(lambda place: socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM), places)
    good = [place for place, answer in found.items() if not isinstance(answer, OSError)]
    bad = [f"the name {place.host} {_unnamed(answer)}" for place, answer in found.items() if isinstance(answer, OSError)]
    ask = f"{NETWORK}: this machine must find the name in DNS. Compare the name with what the operator wrote to you"
    if not good:
        raise Failed("; ".join(bad), ask)
    numbers = {place.host: answer[0][4][0] for place, answer in found.items() if not isinstance(answer, OSError)}
    said = [host if host == number else f"{host} is {number}" for host, number in numbers.items()]
    return good, Found("name", "look" if bad else "ok", "; ".join([*bad, *said]), ask if bad else "")


def _unnamed(exc: OSError) -> str:
    return f"has no answer within {WITHIN_S:g} s" if isinstance(exc, TimeoutError) else f"is not known: {exc.strerror}"


def ports(places: Sequence[Place]) -> tuple[list[Place], Found]:
    """The places whose port answers. Raises Failed when none does."""
    found = at_once(_connect, places)
    good = [place for place, answer in found.items() if not isinstance(answer, OSError)]
    bad = [f"{place} {_closed(answer)}" for place, answer in found.items() if isinstance(answer, OSError)]
    lets = ", ".join(map(str, (place for place in places if place not in good)))
    ask = f"{NETWORK}: let TCP out from this machine to {lets}. If they say that it is open, ask {OPERATOR} whether the broker runs"
    if not good:
        raise Failed("; ".join(bad), ask)
    answers = f"{', '.join(map(str, good))} {'answers' if len(good) == 1 else 'answer'}"
    return good, Found("port", "look" if bad else "ok", "; ".join([*bad, answers]), ask if bad else "")


def _connect(place: Place) -> None:
    socket.create_connection((place.host, place.port), WITHIN_S).close()


def _closed(exc: OSError) -> str:
    if isinstance(exc, TimeoutError):
        return f"gives no answer within {WITHIN_S:g} s: a firewall on the way drops it, or the machine is down"
    if isinstance(exc, ConnectionRefusedError):
        return "refuses the connection: nothing listens there, or a firewall refuses it"
    return f"cannot be reached: {exc.strerror}"


def _tls(settings: Settings, places: Sequence[Place]) -> Found:
    if not settings.kafka_security_protocol.endswith("SSL"):
        return Found("TLS", "ok", f"not used: MEKONG_KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}")
    context = context_of(settings.cafile())
    found = at_once(lambda place: shake_hands(place.host, place.port, context), places)
    for place, answer in found.items():
        if isinstance(answer, OSError):
            raise cause(answer, str(place), settings)
    versions = sorted({answer for answer in found.values() if isinstance(answer, str)})
    return Found("TLS", "ok", f"{', '.join(versions)}; the certificate is valid")
