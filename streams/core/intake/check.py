"""Bytes of a message in, its canonical content or a ``Rejected`` out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.identifiers import likely_identifiers
from schemas.limits import MAX_MESSAGE_BYTES
from schemas.messages import MESSAGE, SeizureContent, Warning
from schemas.rejected import Reason, Rejected
from schemas.times import EventTime, read_event_time
from streams.core.intake.identify import Taken
from streams.core.intake.identity import canonical
from streams.core.intake.said import Notice
from streams.core.intake.words import sentence, unreadable

MAX_NOTICES = 20  # of a kind in one receipt: enough to see what is wrong
_LAST_ZONE = timezone(timedelta(hours=14))
_REASONS = {
    "missing": Reason.MISSING_FIELD,
    "union_tag_not_found": Reason.MISSING_FIELD,
    "union_tag_invalid": Reason.UNKNOWN_MESSAGE_TYPE,
    "literal_error": Reason.UNKNOWN_CODE,
    "bad_quantity": Reason.BAD_QUANTITY,
    "finite_number": Reason.BAD_QUANTITY,
    "bad_date": Reason.BAD_DATE,
    "date_too_old": Reason.DATE_TOO_OLD,
    "string_too_long": Reason.TOO_LONG,
    "too_long": Reason.TOO_LONG,
}
_TAGS = frozenset({"seizure", "correction", "withdrawal", "warning", "feedback"})
_NOT_A_TYPE = frozenset(
    {"decimal_parsing", "decimal_max_digits", "decimal_max_places", "decimal_whole_digits", "datetime_from_date_parsing"}
)


class Checked(NamedTuple):
    """A message that can be taken as far as its own words go."""

    message: Taken
    content: bytes
    """In canonical form."""
    time: EventTime | None
    """Only of a seizure or correction."""
    notices: tuple[Notice, ...]


def check(raw: bytes, agency: str, received_ms: int) -> Checked | Rejected:
    """Read one message of ``agency``, or say why not."""
    if len(raw) > MAX_MESSAGE_BYTES:
        return Rejected(reason=Reason.TOO_LARGE, detail=f"{len(raw):,} bytes; at most {MAX_MESSAGE_BYTES:,}")
    notices: tuple[Notice, ...] = ()
    try:
        message: Taken = MESSAGE.validator.validate_json(raw, extra="forbid")
    except ValidationError as exc:
        unknown = [_field(error) for error in exc.errors(include_url=False, include_input=False) if error["type"] == "extra_forbidden"]
        if not unknown:
            return _why(raw, exc)
        try:  # a line with one counts as no line, so what else is wrong is only told without them
            message = MESSAGE.validate_json(raw)
        except ValidationError as other:
            return _why(raw, other)
        notices = tuple(Notice("unknown_field", field, "is not a field of this message and was ignored") for field in unknown[:MAX_NOTICES])
    if message.agency != agency:
        return Rejected(reason=Reason.WRONG_AGENCY, field="agency", detail=f"names {message.agency}, but the topic is {agency}'s")
    notices += _identifiers(message)
    content = canonical(message)
    if not isinstance(message, SeizureContent):
        return Checked(message, content, None, notices)
    time = read_event_time(message.seized_at)
    if time.day > _last_today(received_ms // 60_000):
        return Rejected(reason=Reason.FUTURE_DATE, field="seized_at", detail=f"{message.seized_at} is after today, anywhere on earth")
    return _quantities(message) or Checked(message, content, time, notices)


def _identifiers(message: Taken) -> tuple[Notice, ...]:
    """Where the sender's own words likely name somebody: in the note, and in the names of goods and of a province."""
    found: list[Notice] = []
    if message.method_note:
        found += _named("method_note", likely_identifiers(message.method_note))
    if isinstance(message, SeizureContent):
        if message.admin1:
            found += _named("admin1", _in_name(message.admin1))
        for index, line in enumerate(message.lines):
            kinds = _in_name(line.substance_or_taxon)
            if kinds:
                found += _named(f"lines.{index}.substance_or_taxon", kinds)
    elif isinstance(message, Warning):
        for index, name in enumerate(message.substances_or_taxa):
            found += _named(f"substances_or_taxa.{index}", _in_name(name))
    return tuple(found[:MAX_NOTICES])


@lru_cache(maxsize=16_384)
def _in_name(name: str) -> tuple[str, ...]:
    """Names come again and again; notes do not."""
    return likely_identifiers(name)


def _named(field: str, kinds: Iterable[str]) -> list[Notice]:
    return [Notice("likely_identifier", field, f"looks like it holds a {kind}: send a correction without it") for kind in kinds]


@lru_cache(maxsize=16)
def _last_today(minute: int) -> date:
    """Today where the day begins first, at UTC+14."""
    return datetime.fromtimestamp(minute * 60, _LAST_ZONE).date()


def _quantities(message: SeizureContent) -> Rejected | None:
    for index, line in enumerate(message.lines):
        if line.quantity is None and line.quantity_kind != "unknown":
            return Rejected(
                reason=Reason.BAD_QUANTITY,
                field=f"lines.{index}.quantity",
                detail="no quantity: say how much, or set quantity_kind to unknown",
            )
        if line.quantity is not None and line.quantity_kind == "unknown":
            return Rejected(reason=Reason.BAD_QUANTITY, field=f"lines.{index}.quantity_kind", detail="is unknown, but a quantity is given")
        if line.quantity is not None and line.unit is None:
            return Rejected(reason=Reason.MISSING_FIELD, field=f"lines.{index}.unit", detail="a quantity needs its unit")
    return None


def _why(raw: bytes, exc: ValidationError) -> Rejected:
    first = exc.errors(include_url=False)[0]
    kind = first["type"]
    if kind in {"json_invalid", "json_type"}:
        return _unreadable(raw, str(first["msg"]))
    field = "message_type" if kind.startswith("union_tag") else _field(first)
    if kind == "too_long" and field == "lines":
        return Rejected(reason=Reason.TOO_MANY_LINES, field="lines", detail=sentence(first, field))
    reason = _REASONS.get(kind)
    if reason is None:
        is_type = kind.endswith(("_type", "_parsing")) and kind not in _NOT_A_TYPE
        reason = Reason.WRONG_TYPE if is_type else Reason.INVALID_VALUE
    if field.endswith(".quantity") and kind != "missing" and reason is Reason.INVALID_VALUE:
        reason = Reason.BAD_QUANTITY
    return Rejected(reason=reason, field=field, detail=sentence(first, field))


def _field(error: ErrorDetails) -> str:
    path = [str(step) for step in error["loc"]]
    if path and path[0] in _TAGS:
        del path[0]
    return ".".join(path)[:100] or "message"


def _unreadable(raw: bytes, said: str) -> Rejected:
    try:
        raw.decode()
    except UnicodeDecodeError as exc:
        return Rejected(reason=Reason.INVALID_UTF8, detail=unreadable(raw, f"byte {exc.start + 1} is no UTF-8"))
    if "recursion" in said:
        return Rejected(reason=Reason.TOO_DEEP, detail="nested deeper than any message needs")
    return Rejected(reason=Reason.NOT_JSON, detail=unreadable(raw, said))


def case_no_of(raw: bytes) -> str | None:
    """The case number of a message that was not taken, for its receipt, when it can be told."""
    try:
        found = orjson.loads(raw)
    except ValueError:
        return None
    number = found.get("case_no") if isinstance(found, dict) else None
    return number[:100] if isinstance(number, str) else None
