"""Splits the bytes of a ``multipart/form-data`` body into its parts, in memory: for sheets over HTTPS and for the sender's page. Pure.

The names of uploaded files are read over: they may be a person's.
"""

from __future__ import annotations

from collections.abc import Sequence

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MEDIA_TYPE = "multipart/form-data"
_MOST_HEADER_BYTES = 1_000
_MOST_OPTIONS = 20
"""Signs ``;`` in a header. The parser's time grows with their square, and the event loop waits for it."""


def is_form(content_type: str) -> bool:
    """Whether a body is a form of parts."""
    return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


def parts_of(raw: bytes, content_type: str, most: int) -> Sequence[tuple[str, bytes]]:
    """The name and the bytes of each part, in their order. Raises ValueError for what is not a complete form of at most ``most`` parts."""
    boundary = _options(content_type.encode("latin-1", "replace")).get(b"boundary", b"")
    if not boundary:
        raise FormParserError
    reader = _Reader(most)
    parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
    parser.write(raw)
    parser.finalize()
    if not reader.is_whole:
        raise FormParserError
    return reader.parts


def _options(header: bytes) -> dict[bytes, bytes]:
    """What a header says after its first word. Raises ValueError for one that no browser or library sends."""
    if len(header) > _MOST_HEADER_BYTES or header.count(b";") > _MOST_OPTIONS:
        raise FormParserError
    return parse_options_header(header)[1]


class _Reader:
    """Collects the parts of one form in memory."""

    def __init__(self, most: int) -> None:
        self.parts: list[tuple[str, bytes]] = []
        self.is_whole = False
        self._most = most
        self._begin()

    def callbacks(self) -> dict[str, object]:
        """What the parser calls."""
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "end")
        return {f"on_{name}": getattr(self, f"_{name}") for name in names}

    def _begin(self) -> None:
        self._data, self._field, self._value = bytearray(), b"", b""
        self._name: str | None = None

    def _part_begin(self) -> None:
        if len(self.parts) == self._most:
            raise FormParserError
        self._begin()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            if self._name is not None:
                raise FormParserError
            self._name = _options(self._value).get(b"name", b"").decode(errors="replace")
        self._field, self._value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _part_end(self) -> None:
        self.parts.append((self._name or "", bytes(self._data)))
        self._begin()

    def _end(self) -> None:
        self.is_whole = True
