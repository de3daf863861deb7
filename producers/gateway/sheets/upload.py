"""Defines ``Upload``, a sheet and how it is to be read, and opens it as a table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from mekong.producers.sheets.layout import Layout, read_layout, shipped_layout
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.table import Table, open_table
from mekong.schemas.errors import Refused
from mekong.schemas.rejected import Reason

MOST_BYTES = 10_000_000
"""Of a sheet over HTTPS."""
MOST_CASES = 20_000
"""Of a sheet over HTTPS: its messages are one request, and its answer arrives before a proxy loses patience."""
MOST_LAYOUT_BYTES = 64_000


@dataclass(frozen=True)
class Upload:
    """A sheet as it arrived. It may have 10 MB, so each hash is computed once. Its file's name is not here: it may be a person's."""

    data: bytes
    layout: str = ""
    """The name of a shipped layout; empty: what the sheet's template says, or the shipped layout that fits best."""
    layout_text: str = ""
    """A layout in TOML, which is used in place of a shipped one."""
    encoding: str = ""
    """Of a .csv file; empty: it is detected."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return sha256(self.data).hexdigest()

    @cached_property
    def reading(self) -> str:
        """SHA-256 of the file and of what else decides its messages: the layout and the encoding."""
        parts = (self.digest, self.layout, _lines(self.layout_text), self.encoding)
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def id(self) -> str:
        """Names its sending: the same sheet by the same layout has the same one. 16 hexadecimal digits."""
        return self.reading[:16]

    @property
    def layout_known_as(self) -> str:
        """What records call the layout: a shipped name, or ``own-`` and a part of the SHA-256 of its text; empty when none was given."""
        if self.layout_text:
            return f"own-{sha256(_lines(self.layout_text).encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
        return self.layout


def _lines(text: str) -> str:
    """A text with the ends of lines of Unix: a browser changes them, and it is the same layout."""
    return text.replace("\r\n", "\n")


def layout_of(upload: Upload) -> Layout | None:
    """The layout that was given with a sheet. Raises Unreadable when it cannot be used."""
    try:
        if upload.layout_text:
            return read_layout(upload.layout_text, upload.layout_known_as)
        return shipped_layout(upload.layout) if upload.layout else None
    except Refused as exc:
        raise Unreadable(str(exc), Reason.INVALID_VALUE, "layout") from exc


def table_of(upload: Upload) -> Table:
    """The sheet as a table. Raises Unreadable."""
    return open_table(upload.data, layout_of(upload), upload.encoding)
