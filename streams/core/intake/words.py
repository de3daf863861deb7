"""What pydantic found wrong with a field in, a sentence for the person who sent it out. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails

from schemas.codes import LISTS, code_list

LENGTH = 300
_SHOWN = 60  # characters of what was sent
_FEW = 15  # codes that are listed in a sentence
_NEAR = 0.82  # of 1: below it a likeness is chance
_QUOTED = re.compile(r"'([^']*)'")

_TYPES = {
    "string": "must be a text",
    "list": "must be a list",
    "tuple": "must be a list",
    "dict": "must be an object in braces",
    "model": "must be an object in braces",
    "model_attributes": "must be an object in braces",
    "int": "must be a whole number",
    "int_from_float": "must be a whole number",
    "decimal": "must be a number such as 12.5",
    "bool": "must be true or false",
    "uuid": "must be an event id: a UUID that a receipt named",
    "datetime": "must be a time with its UTC offset such as 2026-05-03T13:20:00+07:00",
    "datetime_from_date": "must be a time with its UTC offset such as 2026-05-03T13:20:00+07:00",
    "timezone_aware": "must be a time with its UTC offset such as 2026-05-03T13:20:00+07:00",
}
_SAID = {
    "missing": "is required",
    "finite_number": "must be a number that is finite",
    "string_too_short": "must not be empty",
    "union_tag_invalid": "must be one of seizure, correction, withdrawal, warning, feedback",
    "union_tag_not_found": "say which: seizure, correction, withdrawal, warning, feedback",
    "decimal_max_digits": "has too many digits",
    "decimal_whole_digits": "has too many digits",
    "decimal_max_places": "has too many decimals",
}
_LIMITS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "string_too_long": lambda ctx: f"has more than {ctx['max_length']:,} characters",
    "too_long": lambda ctx: f"has {ctx['actual_length'] or 'more'} items; at most {ctx['max_length']}",
    "too_short": lambda ctx: f"must have {ctx['min_length']} or more",
    "greater_than_equal": lambda ctx: f"must be {ctx['ge']} or more",
    "less_than_equal": lambda ctx: f"may be {ctx['le']} at most",
}
_PATTERNS = {
    "agency": "must be an agency's code such as VN-CUSTOMS",
    "to": "must be an agency's code such as VN-CUSTOMS",
    "release_to": "must be an agency's code such as VN-CUSTOMS",
    "conveyance": "must be the MAC that `mekong conveyance` makes, as <operation>:<64 hex digits>. Never the plate itself",
    "hs6": "must be the six digits of an HS code",
    "locode": "must be a UN/LOCODE such as VNHPH",
    "sha256": "must be 64 hex digits",
    "uri": "must be an address such as https://files.example/1, without a space",
}
_MAGIC = (
    (b"\x1f\x8b", "it is compressed with gzip: send it as it was before"),
    (b"\xef\xbb\xbf", "it begins with a byte-order mark: send it without"),
)


def sentence(error: ErrorDetails, field: str) -> str:
    """What is wrong with ``field``, behind what was sent; at most ``LENGTH`` characters."""
    given = error.get("input")
    shown = f"{given!r:.{_SHOWN}}: " if isinstance(given, str | int | float) else ""
    return (shown + _wrong(error, field, given))[:LENGTH]


def unreadable(raw: bytes, said: str) -> str:
    """Why a message is no JSON at all; ``said`` are the parser's words."""
    if not raw.strip():
        return "the message is empty"
    return next((why for magic, why in _MAGIC if raw.startswith(magic)), said)[:LENGTH]


def _wrong(error: ErrorDetails, field: str, given: Any) -> str:
    kind, ctx = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        return _no_code(str(ctx["expected"]), given)
    if kind == "string_pattern_mismatch":
        name = next((part for part in reversed(field.split(".")) if not part.isdigit()), field)
        return _PATTERNS.get(name, "may not hold control characters")
    if kind in _LIMITS:
        return _LIMITS[kind](ctx)
    type_ = kind.removesuffix("_type").removesuffix("_parsing")
    return _SAID.get(kind) or _TYPES.get(type_) or str(error["msg"])


def _no_code(expected: str, given: Any) -> str:
    """Which code was meant, as far as that can be told."""
    codes = tuple(_QUOTED.findall(expected))
    if not codes:
        return f"must be {expected}"
    near = _near(codes, given) if isinstance(given, str) else ()
    if near:
        return f"is not on the code list; did you mean {' or '.join(near)}?"
    if len(codes) <= _FEW:
        return f"is not on the code list, which has {', '.join(codes)}"
    return "is not on the code list: `mekong schema export` writes the lists"


def _near(codes: tuple[str, ...], given: str) -> tuple[str, ...]:
    """The codes that ``given`` may stand for: by its label, by another spelling, or by likeness."""
    meaning = _meaning(codes)
    wanted = " ".join(given.casefold().split())[:_SHOWN]
    found = [wanted] if wanted in meaning else difflib.get_close_matches(wanted, meaning, n=3, cutoff=_NEAR)
    return tuple(dict.fromkeys(meaning[name] for name in found))


@cache
def _meaning(codes: tuple[str, ...]) -> Mapping[str, str]:
    """Every name of these codes, in lower case, with its code."""
    entries = next((code_list(name) for name in LISTS if tuple(sorted(code_list(name))) == codes), {})
    found = {code.casefold(): code for code in codes}
    for code, entry in entries.items():
        for name in (*entry.labels.values(), *entry.fields.get("synonyms", "").split(";")):
            found.setdefault(" ".join(name.casefold().split()), code)
    found.pop("", None)
    return found
