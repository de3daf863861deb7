"""Makes and reads tickets: what a browser shows instead of the token, for at most 8 hours. Pure.

A ticket names its token and is signed together with the token's digest: it ends when the token is revoked or replaced.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from mekong.schemas.tokens import Token

SCHEME = "ticket"
"""Of the header Authorization: ``Ticket <text>``."""
VALID_S = 8 * 3600
_TEXT = re.compile(r"([0-9a-f]{8})-(\d{10,12})-([0-9a-f]{64})", re.ASCII)


class Tickets:
    """Under one key. All gateways of a deployment have the same key when they know its secret."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, token: Token, now_s: int) -> str:
        """A ticket for a token, valid for ``VALID_S`` from now."""
        until_s = now_s + VALID_S
        return f"{token.id}-{until_s}-{self._mac(token, until_s)}"

    def token_of(self, text: str, tokens: Iterable[Token], now_s: int) -> Token | None:
        """The one of the tokens that the ticket is for. None when the ticket is not valid, or not any more."""
        found = _TEXT.fullmatch(text)
        if found is None or not now_s < int(found[2]) <= now_s + VALID_S:
            return None
        return next((one for one in tokens if hmac.compare_digest(self._mac(one, int(found[2])), found[3])), None)

    def _mac(self, token: Token, until_s: int) -> str:
        named = f"{token.key} {token.digest} {until_s}"
        return hmac.new(self._key, named.encode(), hashlib.sha256).hexdigest()


def token_id(text: str) -> str:
    """The id of the token that a ticket names; empty when it is not a ticket."""
    found = _TEXT.fullmatch(text)
    return found[1] if found else ""
