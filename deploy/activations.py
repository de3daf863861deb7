"""Makes activation links, and says what became of them. A link counts as the token that it will give: an agency has two at most of both."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mekong.deploy.address import not_https, parts_of
from mekong.deploy.profiles import nearest
from mekong.deploy.registry import Registry, changed
from mekong.schemas.activations import PATH, VALID_FOR, Claims, Code, Link, claim_of
from mekong.schemas.errors import Refused
from mekong.schemas.loopback import is_loopback
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import MOST_OF_AN_AGENCY, Scope, Token
from mekong.schemas.topics import ACTIVATIONS, REGISTRY
from mekong.schemas.wire import encode
from mekong.sinks.reading import read_topic

log = logging.getLogger(__name__)

_FORGOTTEN_AFTER = timedelta(hours=1)
"""An unused link is removed this long after its end. Clocks may differ by less: a claim that came in time is never removed with it."""


class MadeLink(NamedTuple):
    """A new link."""

    link: Link
    address: str
    """Shown once: the register has only a hash of its code."""

    def __repr__(self) -> str:
        return f"MadeLink({self.link.key})"


class Standing(NamedTuple):
    """What an agency has, the oldest first."""

    tokens: list[Token]
    """Also those of used links."""
    links: list[Link]
    """Not used: open or expired."""
    from_links: frozenset[str]
    """The ids of the tokens that came from links."""


def add_link(settings: Settings, agency: str, scopes: Iterable[Scope], url: str) -> MadeLink:
    """Make a link at the HTTPS address ``url``. Raises Refused: the agency or the address is not one, or it has as many as it may have."""
    code, now = Code(f"{secrets.token_hex(4)}-{secrets.token_hex(32)}"), datetime.now(UTC).replace(microsecond=0)
    address = f"{_checked(url)}{PATH}#{code.text}"
    link = Link(agency=agency, id=code.id, digest=code.digest, scopes=tuple(scopes), made_at=now, expires_at=now + VALID_FOR)
    add_to_register(settings, link)
    return MadeLink(link, address)


def add_to_register(settings: Settings, record: Token | Link) -> None:
    """Write a new token or link. Raises Refused for an agency that is not there, and when it has as many as it may have."""

    def add(registry: Registry) -> list[str]:
        if record.key not in {**registry.tokens, **registry.links}:  # else written by an attempt that was not answered
            make_room(registry, read_claims(settings), record.agency)
            registry.outgoing.append((REGISTRY.name, record.key, encode(record), []))
        return [record.id]

    changed(settings, add)


def standing(settings: Settings, agency: str) -> Standing:
    """The tokens and links of an agency. Raises Refused for an agency that is not there."""
    with Registry.opened(settings) as registry:
        expect(registry, agency)
        return standing_of(registry, read_claims(settings), agency)


def standing_of(registry: Registry, claims: Claims, agency: str) -> Standing:
    """The same of a register that was read, with the claims up to now."""
    kept = [one for one in registry.tokens.values() if one.agency == agency]
    links = [one for one in registry.links.values() if one.agency == agency]
    used = [token for token in _to_keep(registry, claims) if token.agency == agency]
    tokens = sorted([*kept, *used], key=lambda one: (one.made_at, one.id))
    ids = {one.id for one in tokens}
    return Standing(
        tokens,
        sorted((one for one in links if one.id not in ids), key=lambda one: (one.made_at, one.id)),
        frozenset(one.id for one in links if one.id in ids),
    )


def make_room(registry: Registry, claims: Claims, agency: str) -> None:
    """Remove links of an agency that have ended unused, and write the tokens of used links into the register.

    From then on a token does not depend on its claim. Its link stays: it says "used" to who opens it. Raises Refused when the agency has
    two tokens and links already, or is not there.
    """
    expect(registry, agency)
    there = standing_of(registry, claims, agency)
    ended = [one for one in there.links if one.expires_at + _FORGOTTEN_AFTER < datetime.now(UTC)]
    if claims.unread:  # it may be the claim of one of them
        ended = []
    left: list[Token | Link] = [*there.tokens, *(one for one in there.links if one not in ended)]
    if len(left) >= MOST_OF_AN_AGENCY:
        ids = ", ".join(one.id for one in left)
        what = "tokens and links" if there.links else "tokens"
        raise Refused(f"{agency} has {len(left)} {what} already ({ids}): revoke one with `mekong agency token revoke {agency} ID`.")
    registry.outgoing += [(REGISTRY.name, one.key, None, []) for one in ended]
    registry.outgoing += [(REGISTRY.name, one.key, encode(one), []) for one in _to_keep(registry, claims)]


def _to_keep(registry: Registry, claims: Claims) -> list[Token]:
    """The tokens of used links that the register does not have yet, of all agencies."""
    used = [token for one in registry.links.values() if (token := claims.token_of(one))]
    return [token for token in used if token.key not in registry.tokens]


def expect(registry: Registry, agency: str) -> None:
    """Raises Refused for an agency that is not registered."""
    if agency not in registry.agencies:
        raise Refused(f"Agency {agency} is not registered{nearest(agency, registry.agencies)}. `mekong agency list` shows who is.")


def read_claims(settings: Settings) -> Claims:
    """All claims up to now. Raises Refused without the right to read them, Retriable when the broker is away."""
    found = Claims()
    for records in read_topic(settings, ACTIVATIONS.name, partitions=[0]):
        for record in records:
            try:
                found.add(*claim_of(record.value, record.timestamp))
            except ValueError:
                found.unread += 1
                log.warning("record %s of %s cannot be read: is this version older than the gateway?", record.offset, ACTIVATIONS.name)
    return found


def _checked(url: str) -> str:
    parts = parts_of(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not is_safe or parts.path.strip("/"):
        raise not_https(url)
    return url.rstrip("/")
