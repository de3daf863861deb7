"""Decodes the text of a CSV file, and says in which encoding it is when the file itself does not. Pure."""

from __future__ import annotations

import unicodedata
from itertools import islice

from charset_normalizer import from_bytes

from mekong.producers.sheets.garbled import garbled
from mekong.producers.sheets.refused import Unreadable
from mekong.schemas.rejected import Reason

ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "shift-jis": "cp932",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "windows-1258": "cp1258",
    "windows-1252": "cp1252",
}
"""What ``--encoding`` may be -> how Python calls it. The wider sets of Windows are read: a program that says GBK writes them."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_FOUND = {"gb18030": "gbk", "big5": "big5", "cp932": "shift-jis", "tis_620": "tis-620", "cp1258": "windows-1258"}
_LOOKED_AT = 400
"""Lines with other than ASCII letters."""
_CLEAR = 0.05
"""Of two possible encodings, the better one has so much less disorder."""


def decoded(data: bytes, encoding: str = "") -> tuple[str, str]:
    """The text in NFC, and a note about its encoding. Raises Unreadable."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _text(data.removeprefix(mark), name, name[:6]), ""
    if encoding:
        if encoding.lower() not in ENCODINGS:
            raise Unreadable(f"the encoding is not known: give one of {', '.join(ENCODINGS)}")
        name = "utf-16-le" if encoding.lower() == "utf-16" else ENCODINGS[encoding.lower()]
        return _text(data, name, encoding), ""
    if _is_utf16(data):
        return _text(data, "utf-16-le", "utf-16"), "the text is UTF-16"
    try:
        return _whole(data.decode()), ""
    except UnicodeDecodeError:
        found = _detected(data)
    return _text(data, ENCODINGS[found], found), f"the text seems to be {found}: look at the first rows, and give --encoding if it is not"


def _detected(data: bytes) -> str:
    """The encoding of a text that is not UTF-8."""
    if what := garbled(data.decode("cp1252", errors="replace")):
        raise Unreadable(what, Reason.INVALID_UTF8)
    lines = islice((line for line in data.splitlines(keepends=True) if not line.isascii()), _LOOKED_AT)
    matches = sorted(from_bytes(b"".join(lines), cp_isolation=list(_FOUND)), key=lambda match: match.chaos)
    if not matches or (len(matches) > 1 and matches[1].chaos - matches[0].chaos < _CLEAR):
        ways = ", ".join(dict.fromkeys(_FOUND.values()))
        raise Unreadable(f"the encoding of the text is not clear: save it as CSV UTF-8, or give --encoding ({ways})", Reason.INVALID_UTF8)
    return _FOUND[matches[0].encoding]


def _is_utf16(data: bytes) -> bool:
    head = data[:200]
    return len(head) > 1 and len(data) % 2 == 0 and head[1::2].count(0) > len(head) // 4 and not head[::2].count(0)


def _text(data: bytes, name: str, shown: str) -> str:
    try:
        return _whole(data.decode(name))
    except UnicodeDecodeError as exc:
        why = f"byte {exc.start + 1} of the file is not {shown} text: save it as CSV UTF-8, or give its --encoding"
        raise Unreadable(why, Reason.INVALID_UTF8) from exc


def _whole(text: str) -> str:
    if "\0" in text:
        raise Unreadable("the file has NUL bytes: it is damaged, or it is not a text")
    return text if text.isascii() else unicodedata.normalize("NFC", text)
