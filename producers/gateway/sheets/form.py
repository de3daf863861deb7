"""Reads the form of a sheet from the bytes of a body: the sheet, how it is to be read, and what was chosen for its edition. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from mekong.producers.gateway.parts import MEDIA_TYPE, parts_of
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets.complete import SCOPES, Choice
from mekong.producers.gateway.sheets.upload import MOST_LAYOUT_BYTES, Upload
from mekong.schemas.rejected import Reason
from mekong.schemas.text import plain

_PARTS = ("file", "layout", "encoding", "accept", "series", "complete", "withdraws")
_MOST_PARTS = 12
_SHORT = 100
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


class Form(NamedTuple):
    """What was filled in."""

    upload: Upload
    accept: str
    """What answers the questions of an earlier answer."""
    choice: Choice = Choice()


def read_form(raw: bytes, content_type: str) -> Form:
    """The form. Raises Problem: 400 for what is not a form, 413 for too large a layout, 422 for a field that cannot be used."""
    parts = _parts(raw, content_type)
    if "file" not in parts:
        raise _unread()
    layout = parts.get("layout", b"")
    if len(layout) > MOST_LAYOUT_BYTES:
        raise Problem(413, f"A layout has at most {MOST_LAYOUT_BYTES:,} bytes.", reason=Reason.TOO_LARGE.value, field="layout")
    is_text = b"\n" in layout or b"=" in layout
    named = "" if is_text else _short(parts, "layout")
    text = _text(layout, "layout") if is_text else ""
    given = {name: _short(parts, name) for name in ("series", "complete", "withdraws")}
    return Form(Upload(parts["file"], named, text, _short(parts, "encoding")), _short(parts, "accept"), choice_of(given))


def choice_of(given: Mapping[str, str]) -> Choice:
    """What was chosen for an edition: its series, whether it is complete, and how many cases it withdraws. Raises Problem (422)."""
    series, scope, number = (given.get(name, "") for name in ("series", "complete", "withdraws"))
    if len(series) > _SHORT:
        raise Problem(422, f"series has at most {_SHORT} characters.", reason=Reason.TOO_LONG.value, field="series")
    found = next((one for one in SCOPES if one == scope), None)
    if scope and not found:
        raise _wrong("complete", "complete is month or file.")
    if number and not _NUMBER.fullmatch(number):
        raise _wrong("withdraws", "withdraws is the number of cases that the sheet withdraws.")
    if number and not found:
        raise _wrong("withdraws", "withdraws goes with complete.")
    if found and not plain(series):
        why = "A complete sheet needs its series: a name that all editions of the sheet have, or the id of the sending before it."
        raise _wrong("series", why)
    return Choice(plain(series), found or "", int(number) if number else None)


def _wrong(field: str, why: str) -> Problem:
    return Problem(422, why, reason=Reason.INVALID_VALUE.value, field=field)


def _short(parts: dict[str, bytes], name: str) -> str:
    found = _text(parts.get(name, b""), name).strip()
    if len(found) > _SHORT:
        raise Problem(422, f"{name} has at most {_SHORT} characters.", reason=Reason.TOO_LONG.value, field=name)
    return found


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        raise Problem(400, f"{name} is not UTF-8 text.", reason=Reason.INVALID_UTF8.value, field=name) from exc


def _parts(raw: bytes, content_type: str) -> dict[str, bytes]:
    """The known parts by their name."""
    try:
        known = [(name, data) for name, data in parts_of(raw, content_type, _MOST_PARTS) if name in _PARTS]
    except ValueError as exc:
        raise _unread() from exc
    if len(dict(known)) < len(known):
        raise _unread()
    return dict(known)


def _unread() -> Problem:
    return Problem(400, f"The body is not {MEDIA_TYPE} with a part `file`, or it is cut off.", reason=Reason.BAD_FILE.value, field="file")
