"""Makes event ids, and the hash that shows whether two messages have the same content."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel

from mekong.schemas import wire
from mekong.schemas.messages import SeizureContent

HASH_FORMAT = "2"
IN_UTC = "+00:00"
"""The end of a time in UTC."""
_ID_BYTES = 10
_CHECK_BYTES = 6
_BLOCK = 64  # of SHA-256, bytes
_TYPE = b'"message_type":"'


class Ids:
    """Makes and recognises event ids: version 8 UUIDs (RFC 9562) under the deployment's secret.

    The first ten bytes are from HMAC-SHA256 of agency and case number, because a plain hash of a case number could be guessed.
    The last six bytes are a keyed check over them. So intake can recognise an invented reference to a case in another lane without the
    state of that lane.
    """

    def __init__(self, secret: bytes) -> None:
        key = hashlib.sha256(secret).digest()  # any length of secret; RFC 2104 pads it to the block
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key.ljust(_BLOCK, b"\0")))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key.ljust(_BLOCK, b"\0")))
        self._checker = hashlib.blake2b(key=key, digest_size=_CHECK_BYTES, person=b"mekong-event-id")

    def of(self, agency: str, case_no: str) -> str:
        """The id of a case. It never changes."""
        inner, outer = self._inner.copy(), self._outer.copy()  # HMAC (RFC 2104) with its key schedule done once
        inner.update(f"{agency}\0{case_no}".encode())
        outer.update(inner.digest())
        head = bytearray(outer.digest()[:_ID_BYTES])
        head[6] = 0x80 | head[6] & 0x0F  # version 8
        head[8] = 0x80 | head[8] & 0x3F  # variant of RFC 9562
        text = head.hex() + self._check(head).hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def genuine(self, claimed: UUID) -> bool:
        """Whether this exchange made the id. One in 2^48 invented ids passes."""
        return hmac.compare_digest(self._check(claimed.bytes[:_ID_BYTES]), claimed.bytes[_ID_BYTES:])

    def _check(self, head: bytes | bytearray) -> bytes:
        checker = self._checker.copy()
        checker.update(head)
        return checker.digest()


def canonical(message: BaseModel) -> bytes:
    """The message as JSON in the order of the schema. Numbers and times are normalised, and absent fields are left out."""
    return type(message).__pydantic_serializer__.to_json(message, exclude_none=True)  # model_dump_json, without text in between


def content_hash(message: BaseModel, content: bytes, seized_at: str = "") -> str:
    """``<format>:<BLAKE2b-128>`` of a message's canonical content in today's format.

    An instant is hashed in UTC together with its local day, and lines are hashed in the order of their bytes. So another offset on the same
    day or another order of lines does not change the hash. ``seized_at``: the time in the content, when the message itself has it in UTC.
    """
    if isinstance(message, SeizureContent):
        local = seized_at or message.seized_at
        if "T" in local:
            content = with_seized_at(content, local, f"{_in_utc(message.seized_at)} {local[:10]}")
        if len(message.lines) > 1:
            value = wire.load(content)
            value["lines"].sort(key=wire.dump)
            content = wire.dump(value)
    return f"{HASH_FORMAT}:{_behind_type(content)}"


def with_seized_at(content: bytes, before: str, now: str) -> bytes:
    """Canonical content with another text for its time. A text field with the same characters has backslashes before its quotes."""
    return content.replace(b'"seized_at":"%b"' % before.encode(), b'"seized_at":"%b"' % now.encode(), 1)


def hash_of_format_1(content: bytes) -> str:
    """The hash of canonical content in the format used until November 2026, for versions that were stored with it."""
    return f"1:{_behind_type(content)}"


def _in_utc(text: str) -> str:
    return text if text.endswith(IN_UTC) else datetime.fromisoformat(text).astimezone(UTC).isoformat()


def _behind_type(content: bytes) -> str:
    """The hash of the content after ``message_type``. The envelope is left out, so a correction equals the seizure that it repeats."""
    behind = content.index(b'",', content.index(_TYPE) + len(_TYPE))
    return hashlib.blake2b(content[behind:], digest_size=16).hexdigest()
