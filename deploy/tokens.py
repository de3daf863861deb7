"""Makes, lists and revokes the tokens of the HTTPS address. They are in the register, so every gateway follows a change within seconds."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from mekong.deploy.activations import add_to_register, expect, standing
from mekong.deploy.registry import Registry, changed
from mekong.schemas.activations import Link
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import Scope, Token, digest_of, text_of
from mekong.schemas.topics import REGISTRY


class Made(NamedTuple):
    """A new token."""

    token: Token
    text: str
    """Shown once: the register has only its hash."""

    def __repr__(self) -> str:
        return f"Made({self.token.key})"


def add_token(settings: Settings, agency: str, scopes: Iterable[Scope]) -> Made:
    """Make a token of an agency. Raises Refused for an agency that is not there, and when it has as many as it may have."""
    text = text_of(secrets.token_hex(4), secrets.token_hex(32))
    id_ = text.split("-")[1]
    token = Token(agency=agency, id=id_, digest=digest_of(text), scopes=tuple(scopes), made_at=datetime.now(UTC).replace(microsecond=0))
    add_to_register(settings, token)
    return Made(token, text)


def revoke_token(settings: Settings, agency: str, id_: str) -> bool:
    """End a token, or a link with its token. Returns whether it was there. Raises Refused for an agency that is not there."""

    def revoke(registry: Registry) -> list[str]:
        expect(registry, agency)
        there: list[Token | Link] = [*registry.tokens.values(), *registry.links.values()]
        keys = [one.key for one in there if one.agency == agency and one.id == id_]
        registry.outgoing += [(REGISTRY.name, key, None, []) for key in keys]
        return keys

    return bool(changed(settings, revoke))


def list_tokens(settings: Settings, agency: str) -> list[Token]:
    """The tokens of an agency, the oldest first. Raises Refused for an agency that is not there."""
    return standing(settings, agency).tokens
