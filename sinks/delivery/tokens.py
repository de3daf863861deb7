"""Finds the member that a token belongs to. The file is read again when it changes, so a token can be removed without a restart.

# member        token, or sha256: and its hash in hex
VN-CUSTOMS      kZ3k0y5nW8m1xT2cQ7rB9sVd
LA-CUSTOMS      sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from mekong.schemas.errors import Refused
from mekong.schemas.messages import AGENCY_PATTERN

SHORTEST = 20
Reads = Callable[[str], str | None]
"""A header ``Authorization`` -> the member that may read, or None. May raise Refused."""
_HASHED = re.compile(r"sha256:([0-9a-f]{64})")


def read(text: str) -> dict[str, str]:
    """Hash of each token -> its member. Raises Refused, naming the line and never the token."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not re.fullmatch(AGENCY_PATTERN, words[0]):  # noqa: PLR2004 - member, token
            raise Refused(f"line {number} of the tokens: give a member and its token, as VN-CUSTOMS <token>")
        hashed = _HASHED.fullmatch(words[1])
        if not hashed and len(words[1]) < SHORTEST:
            raise Refused(f"line {number} of the tokens: a token has at least {SHORTEST} characters")
        found[hashed[1] if hashed else _hash(words[1])] = words[0]
    return found


class Tokens:
    """Who may read."""

    def __init__(self, path: Path | None) -> None:
        """Read the file. Raises Refused when the file does not exist, or cannot be read."""
        if path is None:
            raise Refused("MEKONG_STREAM_TOKENS is not set: name the file of tokens (docs/notifications.md)")
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._members: dict[str, str] = {}
        self._refresh()

    def member(self, authorization: str) -> str | None:
        """The member whose token the header ``Authorization: Bearer`` shows, or None. Raises Refused like the start."""
        self._refresh()
        scheme, _, token = authorization.partition(" ")
        return self._members.get(_hash(token.strip())) if scheme.lower() == "bearer" else None

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._members = read(self._path.read_text(encoding="utf-8"))
                self._stamp = stamp
        except (OSError, UnicodeDecodeError) as exc:
            raise Refused(f"the file of tokens {self._path} cannot be read: {exc}") from exc


class EitherTokens:
    """Who may read: by the file of tokens, or by ``other``."""

    def __init__(self, file: Tokens | None, other: Reads | None) -> None:
        self._all = [one for one in (other, file.member if file else None) if one]  # a broken file stops no reader of the register

    def member(self, authorization: str) -> str | None:
        """See ``Tokens.member``."""
        return next((found for reads in self._all if (found := reads(authorization)) is not None), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
