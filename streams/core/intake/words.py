"""Turns an error of pydantic about a field into a sentence for the person who sent the message. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from mekong.schemas.codes import LISTS, code_list

LENGTH = 300
_SHOWN = 60  # characters of what was sent
_FEW = 15  # codes that are listed in a sentence
_NEAR = 82  # per cent: a lower similarity is chance
_PLACE = re.compile(r"line (\d+) column (\d+)")
_NUMBER_BROKEN = re.compile(rb'"([^"]*)"\s*:\s*-?[\d.]+_$')
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
    (
        b"\x00",
        "it begins with the prefix of a schema registry (a byte 0 and a number): send the JSON alone, as plain text",
    ),
)
_EMPTY = "the message is empty. A tombstone deletes nothing here: to withdraw a case, send a withdrawal"
_TWICE = "is a text that holds JSON, so it was encoded twice: send the JSON itself"
_WRAPPED = (
    ({"before", "after", "op"}, "is a change event of Debezium: send the agency's message alone (transform ExtractNewRecordState)"),
    ({"schema", "payload"}, "is in an envelope of Kafka Connect: set value.converter.schemas.enable=false"),
    ({"specversion", "data"}, "is in an envelope of CloudEvents: send what is in its data"),
)
"""Keys of an envelope around a message, and what to do."""


def sentence(error: ErrorDetails, field: str) -> str:
    """The value that was sent and what is wrong with ``field``; at most ``LENGTH`` characters."""
    given = error.get("input")
    if not error["loc"] and (why := _around(given)):
        return why
    shown = f"{given!r:.{_SHOWN}}: " if isinstance(given, str | int | float) else ""
    return (shown + _wrong(error, field, given))[:LENGTH]


def unreadable(raw: bytes, said: str) -> str:
    """Why a message is not JSON; ``said`` is the sentence of the parser."""
    if not raw.strip():
        return _EMPTY
    return next((why for magic, why in _MAGIC if raw.startswith(magic)), said)[:LENGTH]


def key_of_number(raw: bytes, said: str) -> str | None:
    """The key of a number such as ``1_800``, at which the parser failed; None when the parser failed at something else."""
    place = _PLACE.search(said)
    if place is None:
        return None
    line, column = int(place[1]), int(place[2])
    before = b"\n".join(raw.split(b"\n")[: line - 1])
    keyed = _NUMBER_BROKEN.search(raw[: len(before) + (line > 1) + column])
    return keyed[1].decode(errors="replace")[:100] if keyed else None


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


def _around(given: Any) -> str | None:
    """What is around a message that was sent in something else; None when it is the message itself."""
    if isinstance(given, str):
        return _TWICE if given.lstrip()[:1] == "{" else None
    if not isinstance(given, dict) or "message_type" in given:
        return None
    payload = given.get("payload")
    keys = payload.keys() if "schema" in given and isinstance(payload, dict) and "op" in payload else given.keys()
    return next((why for marks, why in _WRAPPED if marks <= keys), None)


def _no_code(expected: str, given: Any) -> str:
    """What is wrong with a code, and which code was probably meant."""
    codes = _codes(expected)
    if not codes:
        return f"must be {expected}"
    near = _near(codes, given) if isinstance(given, str) else ()
    if near:
        return f"is not on the code list; did you mean {' or '.join(near)}?"
    if len(codes) <= _FEW:
        return f"is not on the code list, which has {', '.join(codes)}"
    return "is not on the code list: `mekong schema export` writes the lists"


@cache
def _codes(expected: str) -> tuple[str, ...]:
    """The codes that pydantic names: one text for each code list."""
    return tuple(_QUOTED.findall(expected))


@lru_cache(maxsize=4_096)
def _near(codes: tuple[str, ...], given: str) -> tuple[str, ...]:
    """The codes that ``given`` may mean, by label, other spelling or similarity. It has a cache, because a file repeats a wrong code."""
    meaning = _meaning(codes)
    wanted = " ".join(given.casefold().split())[:_SHOWN]
    found = (
        [wanted]
        if wanted in meaning
        else [name for name, _, _ in process.extract(wanted, meaning.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=_NEAR)]
    )
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
