"""Who is who: event ids, and the hash that says whether two messages have the same content."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from uuid import UUID

from pydantic import BaseModel

HASH_FORMAT = "1"
_ID_BYTES = 10
_CHECK_BYTES = 6
_TYPE = b'"message_type":"'


def event_id(secret: bytes, agency: str, case_no: str) -> str:
    """The id of a case for ever: a version 8 UUID (RFC 9562) from HMAC-SHA256 under the deployment's secret.

    A plain hash of a case number could be guessed. Its last six bytes are a check over the first ten, so that a reference to a
    case in another lane can be told from an invented one without reading that lane's state (``genuine``).
    """
    head = bytearray(hmac.digest(secret, f"event\0{agency}\0{case_no}".encode(), "sha256")[:_ID_BYTES])
    head[6] = 0x80 | head[6] & 0x0F  # version 8
    head[8] = 0x80 | head[8] & 0x3F  # variant of RFC 9562
    text = head.hex() + _check(secret, head).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def genuine(secret: bytes, claimed: UUID) -> bool:
    """Whether this exchange made the id; one in 2^48 invented ones passes."""
    return hmac.compare_digest(_check(secret, claimed.bytes[:_ID_BYTES]), claimed.bytes[_ID_BYTES:])


def canonical(message: BaseModel) -> bytes:
    """JSON in the order of the schema, numbers and times normalised, nothing that is absent."""
    return message.model_dump_json(exclude_none=True).encode()


def content_hash(content: bytes) -> str:
    """``<format>:<BLAKE2b-128>`` of canonical content in today's format."""
    return f"{HASH_FORMAT}:{HASHES[HASH_FORMAT](content)}"


def same_content(content: bytes, stored: str) -> bool:
    """Whether content has a stored hash, under the format that one was made with: an upgrade makes no corrections."""
    number, _, digest = stored.partition(":")
    return number in HASHES and HASHES[number](content) == digest


def _check(secret: bytes, head: bytes | bytearray) -> bytes:
    return hashlib.blake2b(head, key=secret[: hashlib.blake2b.MAX_KEY_SIZE], digest_size=_CHECK_BYTES).digest()


def _format_1(content: bytes) -> str:
    """What stands behind ``message_type``: nothing of the envelope, so a correction equals the seizure it repeats."""
    behind = content.index(b'",', content.index(_TYPE) + len(_TYPE))
    return hashlib.blake2b(content[behind:], digest_size=16).hexdigest()


HASHES: Mapping[str, Callable[[bytes], str]] = {"1": _format_1}
"""Every format ever stored. A field added to a message later is left out of the older formats while it has its default."""
