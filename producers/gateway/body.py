"""Reads the body of a request within its limits, packed with gzip or not. A gzip bomb is refused before it is unpacked."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Callable
from itertools import islice

from starlette.requests import ClientDisconnect, Request

from mekong.producers.gateway.problem import Problem
from mekong.schemas.rejected import Reason

MOST_BYTES = 10_000_000
"""Of a body, unpacked. More messages are several requests."""
MOST_MESSAGES = 10_000
"""Of a body: lines that are not blank. Each has an entry in the answer, so a short line costs memory too."""
_MOST_LINES = 100_000
"""Of a body, with the blank ones."""
WITHIN_S = 30.0
"""The next part of a body arrives within this time."""
WHOLE_WITHIN_S = 120.0
"""The whole body arrives within this time."""
_DIGITS = 20
"""No length that is written has more."""
_GZIP = 16 + zlib.MAX_WBITS
_NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
_JSON = "application/json"
_LINE = re.compile(rb"\S[^\n]*")


def is_ndjson(request: Request) -> bool:
    """Whether the body is one message a line. Raises Problem (415) for another type than the two."""
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    name, _, charset = parameters.strip().partition("=")
    if name.lower() == "charset" and charset.strip('" ').lower() not in ("utf-8", "utf8", "us-ascii"):
        raise _unsupported("The text must be UTF-8.")
    kind = media.strip().lower()
    if kind == _JSON or kind in _NDJSON:
        return kind != _JSON
    raise _unsupported(
        f"Content-Type must be {_JSON} (one message), application/x-ndjson (one message a line) or multipart/form-data (a sheet)."
    )


def count(raw: bytes, *, is_ndjson: bool) -> int:
    """How many messages are in the body, before any of them is read. Raises Problem (413) when they are too many."""
    if not is_ndjson:
        return 1
    found = sum(1 for _ in islice(_LINE.finditer(raw), MOST_MESSAGES + 1))
    if found > MOST_MESSAGES or raw.count(b"\n") > _MOST_LINES:
        detail = f"The body has over {MOST_MESSAGES:,} messages, or over {_MOST_LINES:,} lines. Send the messages in several requests."
        raise Problem(413, detail, reason=Reason.TOO_LARGE, field="file")
    return found


async def read(request: Request, hold: Callable[[int], None]) -> bytes:
    """The body, unpacked. ``hold`` is told how many bytes it gains, and may raise Problem. Raises Problem."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise _unsupported("Content-Encoding must be gzip, or absent.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _DIGITS or int(length) > MOST_BYTES):
        raise _too_large()
    unpacked = _Unpacked(hold) if encoding == "gzip" else _Plain(hold)
    parts, whole = aiter(request.stream()), asyncio.timeout(WHOLE_WITHIN_S)
    try:
        async with whole:
            while True:
                async with asyncio.timeout(WITHIN_S):
                    unpacked.add(await anext(parts))
    except StopAsyncIteration:
        return unpacked.finish()
    except TimeoutError as exc:
        slow = f"The body took longer than {WHOLE_WITHIN_S:g} s." if whole.expired() else f"No part of the body came for {WITHIN_S:g} s."
        raise Problem(408, slow) from exc
    except ClientDisconnect as exc:
        raise Problem(400, "The connection ended before the end of the body.") from exc


class _Plain:
    """A body as it is."""

    def __init__(self, hold: Callable[[int], None]) -> None:
        self._found = bytearray()
        self._hold = hold

    def add(self, part: bytes) -> None:
        """The next part. Raises Problem when it is too much."""
        self._hold(len(part))
        self._found += part
        if len(self._found) > MOST_BYTES:
            raise _too_large()

    def finish(self) -> bytes:
        """The whole body."""
        return bytes(self._found)


class _Unpacked(_Plain):
    """A body that is packed with gzip, in one member or several. No more than the limit is ever unpacked."""

    def __init__(self, hold: Callable[[int], None]) -> None:
        super().__init__(hold)
        self._packed = 0
        self._gzip = zlib.decompressobj(_GZIP)

    def add(self, part: bytes) -> None:
        self._packed += len(part)
        if self._packed > MOST_BYTES:
            raise _too_large()
        while part:
            if self._gzip.eof:
                self._gzip = zlib.decompressobj(_GZIP)
            try:
                super().add(self._gzip.decompress(part, MOST_BYTES + 1 - len(self._found)))
            except zlib.error as exc:
                raise Problem(400, "The body is not gzip, or it is damaged.", reason=Reason.BAD_FILE, field="file") from exc
            part = self._gzip.unconsumed_tail or self._gzip.unused_data

    def finish(self) -> bytes:
        if self._packed and not self._gzip.eof:
            raise Problem(400, "The gzip body is cut off.", reason=Reason.BAD_FILE, field="file")
        return super().finish()


def _too_large() -> Problem:
    detail = f"The body is over {MOST_BYTES:,} bytes unpacked. Send the messages in several requests."
    return Problem(413, detail, reason=Reason.TOO_LARGE, field="file")


def _unsupported(detail: str) -> Problem:
    return Problem(415, detail, headers={"accept": f"{_JSON}, application/x-ndjson, multipart/form-data", "accept-encoding": "gzip"})
