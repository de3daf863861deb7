"""Defines activation links: ``Link`` of the register, ``Claim`` of ``activations.v1``, and the token that both together make. Pure.

The code of a link has 256 random bits. The register has the hash of the code's hash. A claim shows the hash between the two, so only who
has seen the code can make one, and nobody can turn a claim back into the code.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mekong.schemas.messages import AgencyCode
from mekong.schemas.record import Moment, Record
from mekong.schemas.tokens import SCOPES, Digest, Scope, Token, TokenId, digest_of, text_of
from mekong.schemas.wire import decode

PREFIX = "link:"
"""A key of the register that begins with this has a ``Link``: ``link:<agency>:<id>``."""
PATH = "/send/activate"
"""Of the page that opens a link. The code is behind ``#``: a browser does not send that part, so no log of a server or proxy has it."""
VALID_FOR = timedelta(hours=72)
_CODE = re.compile(r"([0-9a-f]{8})-[0-9a-f]{64}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOW = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Link(Record):
    """What the register keeps of a link. Its code is shown once, when it is made, and is stored nowhere."""

    agency: AgencyCode
    id: TokenId
    """Of the link, and later of its token. It is a part of the code, and it is not secret."""
    digest: Digest
    """SHA-256 of the proof."""
    scopes: tuple[Scope, ...] = SCOPES
    """Of its token."""
    made_at: Moment
    expires_at: Moment

    @property
    def key(self) -> str:
        """Its key in the register."""
        return f"{PREFIX}{self.agency}:{self.id}"

    def is_of(self, proof: str) -> bool:
        """Whether the proof is that of this link's code. The time it takes says nothing about the code."""
        return hmac.compare_digest(self.digest, digest_of(proof))


class Claim(Record):
    """A gateway asks for the token of a link. The first claim with the proof, in the order of the topic, gets it."""

    agency: AgencyCode
    id: TokenId
    """Of the link."""
    proof: Digest
    """SHA-256 of the link's code."""
    token: Digest
    """SHA-256 of the token's text."""

    @property
    def key(self) -> str:
        """Its key on the topic."""
        return f"{self.agency}/{self.id}"


class Used(NamedTuple):
    """The first claim of a link."""

    token: str
    """SHA-256 of the token's text."""
    at: datetime
    """When the broker stored the claim."""
    seen_s: float
    """When this reader read it, by a clock of its own."""


class Claims:
    """The first claim of each link and proof, in the order of the topic. Later ones change nothing and are not kept."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Used] = {}
        self.unread = 0
        """How many records could not be read."""

    def add(self, claim: Claim, at: datetime, seen_s: float = 0.0) -> None:
        """The next claim. ``at``: when the broker stored it. ``seen_s``: when it was read."""
        self._first.setdefault((claim.key, digest_of(claim.proof)), Used(claim.token, at, seen_s))

    def first(self, link: Link) -> Used | None:
        """The first claim that has the proof of a link. It may have come too late."""
        return self._first.get((f"{link.agency}/{link.id}", link.digest))

    def token_of(self, link: Link) -> Token | None:
        """The token of a used link: of its first claim, when that came before the end of the link. None of another link."""
        used = self.first(link)
        if used is None or used.at >= link.expires_at:
            return None
        return Token(agency=link.agency, id=link.id, digest=used.token, scopes=link.scopes, made_at=used.at)


class Code(NamedTuple):
    """What a person has of a link: the part of its address behind ``#``."""

    text: str

    def __repr__(self) -> str:
        return f"Code({self.id})"

    @property
    def id(self) -> str:
        """Of its link."""
        return self.text[:8]

    @property
    def proof(self) -> str:
        """What a claim shows."""
        return digest_of(self.text)

    @property
    def digest(self) -> str:
        """What the register keeps."""
        return digest_of(self.proof)

    def token_for(self, window: str) -> str:
        """The text of the token that a window of a browser gets: the same one when it asks again.

        ``window``: 64 random hexadecimal digits. Who has the code and not these cannot make the token.
        """
        return text_of(self.id, hmac.digest(self.text.encode(), window.encode(), hashlib.sha256).hex())


def code_in(text: str) -> Code | None:
    """The code in what a person has pasted: the code itself, or a whole link. None when there is none."""
    found = text.rpartition("#")[2].strip()
    return Code(found) if _CODE.fullmatch(found) else None


def claim_of(value: bytes | None, stored_ms: int) -> tuple[Claim, datetime]:
    """A record of ``activations.v1``, and when the broker stored it. Raises ValueError when the record or its time cannot be read."""
    if stored_ms < 0:
        raise ValueError("the record has no time")
    try:
        at = _EPOCH + timedelta(milliseconds=stored_ms)
    except OverflowError as exc:
        raise ValueError("the time of the record is out of range") from exc
    return decode(value or b"", Claim), at


def is_window(text: str) -> bool:
    """Whether this names a window of a browser."""
    return _WINDOW.fullmatch(text) is not None
