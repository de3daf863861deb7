"""Defines the tokens of the HTTPS address: ``Token``, which the register keeps, and the text that the agency keeps. Pure.

The register has only the hash of the text. The secret part has 256 random bits, so a plain SHA-256 of it cannot be turned back.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Annotated, Literal, get_args

from pydantic import StringConstraints

from mekong.schemas.messages import AgencyCode
from mekong.schemas.record import Moment, Record

Scope = Literal["send", "read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "token:"
"""A key of the register that begins with this has a ``Token``: ``token:<agency>:<id>``."""
MOST_OF_AN_AGENCY = 2
"""Valid at the same time: the one in use, and the one that replaces it."""
TokenId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal digits."""
_TEXT = re.compile(r"mekong-([0-9a-f]{8})-[0-9a-f]{64}", re.ASCII)


class Token(Record):
    """What the register keeps of a token. The token itself is shown once, when it is made, and is stored nowhere."""

    agency: AgencyCode
    id: TokenId
    """Names the token. It is a part of its text, and it is not secret."""
    digest: Digest
    """SHA-256 of the text."""
    scopes: tuple[Scope, ...] = SCOPES
    """``send``: messages. ``read``: receipts."""
    made_at: Moment

    @property
    def key(self) -> str:
        """Its key in the register."""
        return f"{PREFIX}{self.agency}:{self.id}"

    def is_of(self, text: str) -> bool:
        """Whether this is the token with that text. The time it takes says nothing about the text."""
        return hmac.compare_digest(self.digest, digest_of(text))


def text_of(id_: str, secret: str) -> str:
    """The text of a token from 8 and from 64 hexadecimal digits."""
    return f"mekong-{id_}-{secret}"


def id_of(text: str) -> str | None:
    """The id in the text of a token. None when the text is not a token."""
    found = _TEXT.fullmatch(text)
    return found[1] if found else None


def digest_of(text: str) -> str:
    """SHA-256: what the register keeps of a text that is not to be known."""
    return hashlib.sha256(text.encode()).hexdigest()
