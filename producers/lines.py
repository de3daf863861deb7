"""Splits chunks of bytes into numbered lines. It refuses a file that is not plain text and names the file's kind.

No line that it returns is longer than a message may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.rejected import Reason, Rejected

_BOM = b"\xef\xbb\xbf"
_MAGIC = (
    (b"\x1f\x8b", "it is compressed with gzip: unpack it first"),
    (b"PK\x03\x04", "it is a zip archive or an Excel workbook: unpack it, or save the sheet as CSV (UTF-8)"),
    (b"PK\x05\x06", "it is an empty zip archive"),
    (b"BZh", "it is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "it is compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel or Word document: save the sheet as CSV (UTF-8)"),
    (b"%PDF", "it is a PDF document"),
    (b"\xff\xfe", "it is UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "it is UTF-16 text: save it as UTF-8"),
)
_LONGEST_MAGIC = 5


class Line(NamedTuple):
    """One line without its end."""

    number: int
    """Counted from 1, as an editor does."""
    raw: bytes
    ended: bool
    """False only for a last line without a line end: a file that was cut off ends so (and some that were not)."""

    @property
    def where(self) -> str:
        """How reports name it."""
        return f"line {self.number}"


def lines(chunks: Iterable[bytes]) -> Iterator[Line | Rejected]:
    """The lines of a text file; both line ends are known, a byte-order mark is dropped.

    A file that is empty, compressed or no UTF-8 text at all is one ``bad_file``. A line over the size of a message is
    ``too_large`` and skipped without being held in memory, so that neither a bomb nor a missing line end can fill it.
    """
    head, chunks = _head(chunks)
    if (refused := _refused(head)) is not None:
        yield refused
        return
    number, rest, skipping = 0, head.removeprefix(_BOM), False
    for chunk in chunks:
        *ended, rest = (rest + chunk).split(b"\n")
        for raw in ended:
            number += 1
            yield _too_large(number) if skipping or len(raw) > MAX_MESSAGE_BYTES + 1 else Line(number, raw.removesuffix(b"\r"), ended=True)
            skipping = False
        if len(rest) > MAX_MESSAGE_BYTES + 1:
            skipping, rest = True, b""
    if skipping:
        yield _too_large(number + 1)
    elif rest:
        yield Line(number + 1, rest, ended=False)


def text(line: Line) -> str | Rejected:
    """The line as text, or why it is none."""
    try:
        found = line.raw.decode()
    except UnicodeDecodeError as exc:
        return Rejected(
            reason=Reason.INVALID_UTF8,
            field="line",
            where=line.where,
            detail=f"byte {exc.start + 1} of the line is not UTF-8: save the file as UTF-8",
        )
    if "\0" in found:
        return Rejected(reason=Reason.BAD_ROW, field="line", where=line.where, detail="it holds NUL bytes: the file is damaged or no text")
    return found


def bad_file(detail: str) -> Rejected:
    """The complete file cannot be read."""
    return Rejected(reason=Reason.BAD_FILE, field="file", detail=detail)


def _head(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Enough of the beginning to recognize the file, and an iterator over the rest. Its first item is empty."""
    rest = iter(chunks)
    head = b""
    for chunk in rest:
        head += chunk
        if len(head) >= _LONGEST_MAGIC:
            break
    return head, _after_nothing(rest)


def _after_nothing(rest: Iterator[bytes]) -> Iterator[bytes]:
    yield b""  # so that the lines of the head itself are split too
    yield from rest


def _refused(head: bytes) -> Rejected | None:
    if not head.removeprefix(_BOM):
        return bad_file("the file is empty")
    return next((bad_file(why) for magic, why in _MAGIC if head.startswith(magic)), None)


def _too_large(number: int) -> Rejected:
    return Rejected(
        reason=Reason.TOO_LARGE,
        field="line",
        where=f"line {number}",
        detail=f"the line is over {MAX_MESSAGE_BYTES:,} bytes",
    )
