"""Who is who: event ids, and the hash that says whether two messages have the same content."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from schemas import wire

HASH_FORMAT = "1"
_TRANSPORT = ("agency", "case_no", "message_type", "reported_at", "schema_version")
_ID_BYTES = 10


def event_id(secret: bytes, agency: str, case_no: str) -> UUID:
    """The id of a case for ever: a version 8 UUID (RFC 9562) under the deployment's secret.

    A plain hash of a case number could be guessed. Its last six bytes are a check over the first ten, so that a reference to a
    case in another lane can be told from an invented one without reading that lane's state (``genuine``).
    """
    head = bytearray(hmac.digest(secret, b"event\0" + agency.encode() + b"\0" + case_no.encode(), "sha256")[:_ID_BYTES])
    head[6] = 0x80 | head[6] & 0x0F  # version 8
    head[8] = 0x80 | head[8] & 0x3F  # variant of RFC 9562
    return UUID(bytes=bytes(head) + _check(secret, bytes(head)))


def genuine(secret: bytes, claimed: UUID) -> bool:
    """Whether this exchange made the id; one in 2^48 invented ones passes."""
    return hmac.compare_digest(_check(secret, claimed.bytes[:_ID_BYTES]), claimed.bytes[_ID_BYTES:])


def content_hash(content: Mapping[str, Any]) -> str:
    """``<format>:<BLAKE2b-128>`` of the content in today's format; nothing about transport is in it."""
    return f"{HASH_FORMAT}:{HASHES[HASH_FORMAT](content)}"


def same_content(content: Mapping[str, Any], stored: str) -> bool:
    """Whether content has a stored hash, under the format that one was made with: an upgrade makes no corrections."""
    number = stored.partition(":")[0]
    return number in HASHES and f"{number}:{HASHES[number](content)}" == stored


def _check(secret: bytes, head: bytes) -> bytes:
    return hmac.digest(secret, b"check\0" + head, "sha256")[: 16 - _ID_BYTES]


def _format_1(content: Mapping[str, Any]) -> str:
    told = {key: value for key, value in content.items() if key not in _TRANSPORT}
    if content["message_type"] == "withdrawal":
        told["withdrawn"] = True
    return hashlib.blake2b(wire.canonical(told), digest_size=16).hexdigest()


HASHES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"1": _format_1}
"""Every format ever stored. A field added to a message later is left out of the older formats while it has its default."""
