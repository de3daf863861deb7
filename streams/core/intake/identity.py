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
_BLOCK = 64  # of SHA-256, bytes
_TYPE = b'"message_type":"'


class Ids:
    """Makes and recognises event ids: version 8 UUIDs (RFC 9562) under the deployment's secret.

    The first ten bytes are from HMAC-SHA256 of agency and case number, because a plain hash of a case number could be guessed.
    The last six are a keyed check over them, so that a reference to a case in another lane can be told from an invented one
    without reading that lane's state.
    """

    def __init__(self, secret: bytes) -> None:
        key = hashlib.sha256(secret).digest()  # any length of secret; RFC 2104 pads it to the block
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key.ljust(_BLOCK, b"\0")))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key.ljust(_BLOCK, b"\0")))
        self._checker = hashlib.blake2b(key=key, digest_size=_CHECK_BYTES, person=b"mekong-event-id")

    def of(self, agency: str, case_no: str) -> str:
        """The id of a case, for ever."""
        inner, outer = self._inner.copy(), self._outer.copy()  # HMAC (RFC 2104) with its key schedule done once
        inner.update(f"{agency}\0{case_no}".encode())
        outer.update(inner.digest())
        head = bytearray(outer.digest()[:_ID_BYTES])
        head[6] = 0x80 | head[6] & 0x0F  # version 8
        head[8] = 0x80 | head[8] & 0x3F  # variant of RFC 9562
        text = head.hex() + self._check(head).hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def genuine(self, claimed: UUID) -> bool:
        """Whether this exchange made the id; one in 2^48 invented ones passes."""
        return hmac.compare_digest(self._check(claimed.bytes[:_ID_BYTES]), claimed.bytes[_ID_BYTES:])

    def _check(self, head: bytes | bytearray) -> bytes:
        checker = self._checker.copy()
        checker.update(head)
        return checker.digest()


def canonical(message: BaseModel) -> bytes:
    """JSON in the order of the schema, numbers and times normalised, nothing that is absent."""
    return type(message).__pydantic_serializer__.to_json(message, exclude_none=True)  # model_dump_json, without text in between


def content_hash(content: bytes) -> str:
    """``<format>:<BLAKE2b-128>`` of canonical content in today's format."""
    return f"{HASH_FORMAT}:{HASHES[HASH_FORMAT](content)}"


def same_content(content: bytes, stored: str) -> bool:
    """Whether content has a stored hash, under the format that one was made with: an upgrade makes no corrections."""
    number, _, digest = stored.partition(":")
    return number in HASHES and HASHES[number](content) == digest


def _format_1(content: bytes) -> str:
    """What stands behind ``message_type``: nothing of the envelope, so a correction equals the seizure it repeats."""
    behind = content.index(b'",', content.index(_TYPE) + len(_TYPE))
    return hashlib.blake2b(content[behind:], digest_size=16).hexdigest()


HASHES: Mapping[str, Callable[[bytes], str]] = {"1": _format_1}
"""Every format ever stored. A field added to a message later is left out of the older formats while it has its default."""
