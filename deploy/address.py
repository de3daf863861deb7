"""Takes the address of an exchange apart, as an operator has typed it."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from mekong.schemas.errors import Refused


def parts_of(url: str) -> SplitResult:
    """The parts of an address with a host. Raises Refused for one with a user, a query, a fragment, a blank or a control character."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise Refused(f"{url!r} is not an address: {exc}") from exc
    if not host or "@" in parts.netloc or any(one in "?#\\" or one.isspace() or not one.isprintable() for one in url):
        raise not_https(url)
    return parts


def not_https(url: str) -> Refused:
    """The refusal of an address."""
    return Refused(f"{url!r} is not an HTTPS address such as https://exchange.example.org")
