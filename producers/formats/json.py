"""Reads the canonical format: one message of schemas/messages.py a line, as JSON (also called JSON Lines, or NDJSON).

The bytes of a line are sent unchanged, so the exchange judges, hashes and answers exactly what the agency wrote. Only a line that is
not a JSON object is rejected here, because it names no receiver. Every other line gets its receipt from the exchange.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson

from mekong.producers.lines import Line, bad_file, lines, text
from mekong.producers.parsed import Format, Parsed
from mekong.schemas.control import AgencyProfile
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import EventTime, Precision, minute_of, read_event_time

_OPENERS = (b"[", b"{")
_NO_NUMBER = re.compile(rb":\s*-?(NaN|Infinity)\s*[,}\]]")


def parse(chunks: Iterable[bytes]) -> Iterator[Parsed | Rejected]:
    """One message a line; blank lines are passed over. A JSON list, or a message spread over lines, is one ``bad_file``."""
    for line in lines(chunks):
        if isinstance(line, Rejected):
            yield line
            continue
        raw = line.raw.strip()
        if line.number == 1 and (raw in _OPENERS or raw.startswith(b"[")):
            yield bad_file("it is a JSON list or a message spread over several lines: give one message a line")
            return
        if raw:
            yield _message(line, raw)


def one(raw: bytes) -> Parsed | Rejected:
    """The message that the bytes are. It may be spread over several lines."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").strip()
    return _message(Line(1, raw, ended=True), raw)


def _message(line: Line, raw: bytes) -> Parsed | Rejected:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        return _unreadable(line, exc)
    if not isinstance(found, dict):
        return Rejected(
            reason=Reason.NOT_JSON, where=line.where, detail=f"a message is a JSON object in braces, this is a {type(found).__name__}"
        )
    agency, case_no = found.get("agency"), found.get("case_no")
    return Parsed(
        agency=agency if isinstance(agency, str) else None,
        case_no=case_no if isinstance(case_no, str) else "",
        value=raw,
        time=_time(found),
        where=line.where,
    )


def _unreadable(line: Line, exc: orjson.JSONDecodeError) -> Rejected:
    if any(word in str(exc).lower() for word in ("depth", "recursion")):  # the wording differs between versions of orjson
        return Rejected(reason=Reason.TOO_DEEP, where=line.where, detail="nested deeper than any message needs")
    found = text(line)
    if isinstance(found, Rejected) and found.reason is Reason.INVALID_UTF8:
        return found
    if _NO_NUMBER.search(line.raw):
        why = "NaN and Infinity are not numbers in JSON: leave the quantity out and set quantity_kind to unknown"
        return Rejected(reason=Reason.NOT_JSON, where=line.where, detail=why)
    cut = "" if line.ended else "; the line has no end, so the file seems to be cut off here"
    return Rejected(reason=Reason.NOT_JSON, where=line.where, detail=f"no JSON: {exc}{cut}")


def _time(message: dict[str, Any]) -> EventTime | None:
    """When it happened or, without that, when it was reported. None when neither can be read: the exchange will report it."""
    try:
        if "seized_at" in message:
            return read_event_time(message["seized_at"])
        at = datetime.fromisoformat(message["reported_at"])
        return EventTime(Precision.TIME, at.date(), minute_of(at))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def profile(agency: str) -> AgencyProfile | None:  # noqa: ARG001 - the contract of a format
    """Nothing: the format is everybody's."""
    return None


FORMAT = Format("json", "Canonical messages, one JSON object a line.", parse, profile)
