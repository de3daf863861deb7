"""Bytes of a message in, its canonical content or a ``Rejected`` out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

from schemas.identifiers import likely_identifiers
from schemas.limits import MAX_MESSAGE_BYTES
from schemas.messages import MESSAGE, Correction, Feedback, Part, Seizure, Warning, Withdrawal
from schemas.rejected import Reason, Rejected
from schemas.times import EventTime, read_event_time

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
_NOT_A_TYPE = frozenset({"decimal_parsing", "decimal_max_digits", "decimal_max_places", "decimal_whole_digits", "datetime_from_date_parsing"})
_IN_WORDS = {
    "literal_error": "not on the code list: `mekong schema export` writes the lists",
    "union_tag_invalid": "one of seizure, correction, withdrawal, warning, feedback",
    "union_tag_not_found": "say which: seizure, correction, withdrawal, warning, feedback",
    "missing": "is required",
}
_SENTENCE_LENGTH = 300

Taken = Seizure | Correction | Withdrawal | Warning | Feedback


class Checked(NamedTuple):
    """A message that can be taken as far as its own words go."""

    message: Taken
    content: dict[str, Any]
    """JSON values of the canonical form: no unknown fields, no empty ones."""
    time: EventTime | None
    """Only of a seizure or correction."""
    notices: tuple[tuple[str, str, str], ...]
    """Code, field and sentence of what a person should look at."""


def check(raw: bytes, agency: str, received_at: datetime) -> Checked | Rejected:
    """Read one message of ``agency``, or say why not."""
    if len(raw) > MAX_MESSAGE_BYTES:
        return Rejected(reason=Reason.TOO_LARGE, detail=f"{len(raw):,} bytes; at most {MAX_MESSAGE_BYTES:,}")
    try:
        message = MESSAGE.validate_json(raw)
    except ValidationError as exc:
        return _why(raw, exc)
    if message.agency != agency:
        return Rejected(reason=Reason.WRONG_AGENCY, field="agency", detail=f"names {message.agency}, but the topic is {agency}'s")
    notices: tuple[tuple[str, str, str], ...] = ()
    unknown = sorted(unknown_fields(message))
    if unknown:
        notices = tuple(("unknown_field", field[:100], "is not a field of this message and was ignored") for field in unknown[:20])
        message = _without_unknown(message)
    content = {key: value for key, value in message.model_dump(mode="json", exclude_none=True).items() if value != []}
    if message.method_note:
        notices += tuple(("likely_identifier", "method_note", f"looks like it holds a {kind}: send a correction without it") for kind in likely_identifiers(message.method_note))
    if not isinstance(message, Seizure | Correction):
        return Checked(message, content, None, notices)
    time = read_event_time(content["seized_at"])
    if time.day > last_today(received_at):
        return Rejected(reason=Reason.FUTURE_DATE, field="seized_at", detail=f"{content['seized_at']} is after today, anywhere on earth")
    return _quantities(message) or Checked(message, content, time, notices)


def last_today(received_at: datetime) -> Any:
    """Today where the day begins first, at UTC+14."""
    return _last_today(int(received_at.timestamp()) // 60)


def unknown_fields(part: BaseModel, path: str = "") -> Iterator[str]:
    """Dotted names of the fields that the schema does not know."""
    extra = part.__pydantic_extra__
    if extra:
        yield from (path + name for name in extra)
    for name, value in part.__dict__.items():
        if isinstance(value, Part):
            yield from unknown_fields(value, f"{path}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], Part):
            for index, item in enumerate(value):
                yield from unknown_fields(item, f"{path}{name}.{index}.")


@lru_cache(maxsize=16)
def _last_today(minute: int) -> Any:
    return datetime.fromtimestamp(minute * 60, _LAST_ZONE).date()


def _without_unknown(message: Taken) -> Taken:
    return MESSAGE.validate_python(_known(message))


def _known(part: Any) -> Any:
    if isinstance(part, Part):
        return {name: _known(getattr(part, name)) for name in type(part).model_fields}
    if isinstance(part, tuple):
        return tuple(_known(item) for item in part)
    return part


def _quantities(message: Seizure | Correction) -> Rejected | None:
    for index, line in enumerate(message.lines):
        where = f"lines.{index}"
        if line.quantity is None and line.quantity_kind != "unknown":
            return Rejected(reason=Reason.BAD_QUANTITY, field=f"{where}.quantity", detail="no quantity: say how much, or set quantity_kind to unknown")
        if line.quantity is not None and line.quantity_kind == "unknown":
            return Rejected(reason=Reason.BAD_QUANTITY, field=f"{where}.quantity_kind", detail="is unknown, but a quantity is given")
        if line.quantity is not None and line.unit is None:
            return Rejected(reason=Reason.MISSING_FIELD, field=f"{where}.unit", detail="a quantity needs its unit")
    return None


def _why(raw: bytes, exc: ValidationError) -> Rejected:
    first = exc.errors(include_url=False)[0]
    kind = first["type"]
    if kind in {"json_invalid", "json_type"}:
        return _unreadable(raw, str(first["msg"]))
    path = [str(step) for step in first["loc"] if step not in _TAGS]
    field = ".".join(path) or ("message_type" if kind.startswith("union_tag") else "message")
    if kind == "too_long" and path == ["lines"]:
        return Rejected(reason=Reason.TOO_MANY_LINES, field="lines", detail=_sentence(first["msg"]))
    reason = _REASONS.get(kind)
    if reason is None:
        is_type = kind.endswith(("_type", "_parsing")) and kind not in _NOT_A_TYPE
        reason = Reason.WRONG_TYPE if is_type else Reason.INVALID_VALUE
    if path and path[-1] == "quantity" and kind != "missing" and reason is Reason.INVALID_VALUE:
        reason = Reason.BAD_QUANTITY
    return Rejected(reason=reason, field=field[:100], detail=_sentence(_IN_WORDS.get(kind, first["msg"]), first["input"]))


def _unreadable(raw: bytes, said: str) -> Rejected:
    try:
        raw.decode()
    except UnicodeDecodeError as exc:
        return Rejected(reason=Reason.INVALID_UTF8, detail=f"byte {exc.start} is no UTF-8")
    if "recursion" in said:
        return Rejected(reason=Reason.TOO_DEEP, detail="nested deeper than any message needs")
    return Rejected(reason=Reason.NOT_JSON, detail=_sentence(said))


def _sentence(text: str, given: Any = None) -> str:
    shown = f"{given!r:.60}: " if isinstance(given, str | int | float) else ""
    return (shown + text)[:_SENTENCE_LENGTH]


def case_no_of(raw: bytes) -> str | None:
    """The case number of a message that was not taken, for its receipt, when it can be told."""
    try:
        found = orjson.loads(raw)
    except ValueError:
        return None
    number = found.get("case_no") if isinstance(found, dict) else None
    return number[:100] if isinstance(number, str) else None
