"""Derives a key for each purpose from the secrets of a deployment, and says which signatures are valid. Pure.

Each purpose has its own key (HKDF-SHA256, RFC 5869), so a signature for one purpose is not valid for another. A purpose with its own
secret can get a new secret, and event ids do not change: they are always made with the secret of the deployment itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self

CONTROL, LINKS = "control records", "links to answers"
"""Purposes. The names are under each key: never change one."""
SHORTEST_SECRET = 32
"""Bytes, of a new secret."""
HOLDS_ON = timedelta(days=31)
"""How long a secret holds after the day on which it was replaced: longer than links hold, and than members' topics keep records."""


class Replaced(NamedTuple):
    """The secret before, and the day (UTC) on which it was replaced."""

    secret: bytes
    on: date

    @property
    def until(self) -> datetime:
        """It holds for what is of a time before this."""
        return datetime.combine(self.on, time(tzinfo=UTC)) + timedelta(days=1) + HOLDS_ON


class Keys(NamedTuple):
    """The keys of one purpose."""

    signing: bytes
    plain: bytes | None = None
    """The deployment's secret: older versions signed with it itself. It holds until the purpose has a secret of its own."""
    replaced: Replaced | None = None
    purpose: str = CONTROL

    @classmethod
    def of(cls, purpose: str, deployment: bytes, own: bytes = b"", replaced: Replaced | None = None) -> Self:
        """Make the keys of a purpose from the deployment's secret, or from the purpose's own secret."""
        return cls(derived(own or deployment, purpose), None if own else deployment, replaced, purpose)

    def holding(self, at: datetime) -> Iterator[bytes]:
        """Every key under which a signature on something of this time holds."""
        yield self.signing
        if self.plain is not None:
            yield self.plain
        if self.replaced is not None and at < self.replaced.until:
            yield derived(self.replaced.secret, self.purpose)
            yield self.replaced.secret  # the deployment's, if that was the one before


def derived(secret: bytes, purpose: str) -> bytes:
    """The key of a purpose, 32 bytes."""
    return hkdf(secret, b"", f"mekong {purpose}".encode())


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF with SHA-256 (RFC 5869)."""
    key = hmac.digest(salt or bytes(hashlib.sha256().digest_size), secret, hashlib.sha256)
    block, out = b"", b""
    for number in range(1, -(-length // hashlib.sha256().digest_size) + 1):
        block = hmac.digest(key, block + info + bytes([number]), hashlib.sha256)
        out += block
    return out[:length]
