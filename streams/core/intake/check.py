"""Checks the bytes of a message, and returns its canonical content or a ``Rejected``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from mekong.schemas.identifiers import likely_identifiers
from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.messages import MESSAGE, MESSAGE_TYPES, SeizureContent, Warning
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.text import AS_SENT
from mekong.schemas.times import EventTime, read_event_time
from mekong.schemas.trial import TRIAL_DETAIL, TRIAL_TYPE
from mekong.streams.core.intake.identify import AgencyMessage
from mekong.streams.core.intake.identity import canonical
from mekong.streams.core.intake.order import edition_of, order_of, too_far_ahead
from mekong.streams.core.intake.outputs import Notice
from mekong.streams.core.intake.twice import kept_all, key_given_twice
from mekong.streams.core.intake.words import key_of_number, sentence, unreadable

MAX_NOTICES = 20  # of each kind in one receipt: enough to see what is wrong
_LAST_ZONE = timezone(timedelta(hours=14))
_REASONS = {
    "missing": Reason.MISSING_FIELD,
    "union_tag_not_found": Reason.MISSING_FIELD,
    "union_tag_invalid": Reason.UNKNOWN_MESSAGE_TYPE,
    "literal_error": Reason.UNKNOWN_CODE,
    "bad_quantity": Reason.BAD_QUANTITY,
    "finite_number": Reason.BAD_QUANTITY,
    "bad_date": Reason.BAD_DATE,
    "bad_number": Reason.WRONG_TYPE,
    "date_too_old": Reason.DATE_TOO_OLD,
    "string_too_long": Reason.TOO_LONG,
    "too_long": Reason.TOO_LONG,
}
_TAGS = frozenset(MESSAGE_TYPES)
_NOT_A_TYPE = frozenset(
    {"decimal_parsing", "decimal_max_digits", "decimal_max_places", "decimal_whole_digits", "datetime_from_date_parsing"}
)


class Checked(NamedTuple):
    """A message that passed all checks which need only the message itself."""

    message: AgencyMessage
    content: bytes
    """In canonical form."""
    time: EventTime | None
    """Only of a seizure or correction."""
    seized_at: str
    """The time of seizure as the content has it; empty when there is none."""
    notices: tuple[Notice, ...]
    raw: bytes
    order: str | None
    """The sender's own order of the message (order.py)."""

    @property
    def sent_as(self) -> str:
        """The case number as it was sent."""
        if self.raw.isascii() and (b"\\" not in self.raw or b"\\u" not in self.raw):
            return self.message.case_no  # only what is not ASCII is changed
        return str(from_json(self.raw)["case_no"]).strip()  # it reads all that the schema has read, also Infinity in an unknown field

    def as_sent(self) -> bytes:
        """The content in canonical form before any text or time in it was normalised."""
        return canonical(MESSAGE.validator.validate_json(self.raw, context=AS_SENT))


def check(raw: bytes, agency: str, received_ms: int, edition: bytes | None = None) -> Checked | Rejected:
    """Check one message of ``agency``. ``edition``: the value of the header with the edition of its file."""
    read = _read(raw)
    if isinstance(read, Rejected):
        return read
    message, notices = read
    if message.agency != agency:
        return Rejected(reason=Reason.WRONG_AGENCY, field="agency", detail=f"names {message.agency}, but the topic is {agency}'s")
    made = edition_of(edition)
    if isinstance(made, Rejected):
        return made
    if ahead := too_far_ahead(message, made, received_ms):
        return ahead
    notices += _identifiers(message)
    time, seized_at = None, ""
    if isinstance(message, SeizureContent):
        seized_at = message.seized_at
        time = read_event_time(seized_at)
        if wrong := in_future(seized_at, time, received_ms) or _quantities(message):
            return wrong
    return Checked(message, canonical(message), time, seized_at, notices, raw, order_of(message, made))


def in_future(seized_at: str, time: EventTime, received_ms: int) -> Rejected | None:
    """Reject a day that has not begun anywhere on earth."""
    if time.day <= _last_today(received_ms // 60_000):
        return None
    return Rejected(reason=Reason.FUTURE_DATE, field="seized_at", detail=f"{seized_at} is after today, anywhere on earth")


def _read(raw: bytes) -> tuple[AgencyMessage, tuple[Notice, ...]] | Rejected:
    """Validate a message against the schema, and make a notice for each field that the schema does not have."""
    if len(raw) > MAX_MESSAGE_BYTES:
        return Rejected(reason=Reason.TOO_LARGE, detail=f"{len(raw):,} bytes; at most {MAX_MESSAGE_BYTES:,}")
    notices: tuple[Notice, ...] = ()
    try:
        message: AgencyMessage = MESSAGE.validator.validate_json(raw, extra="forbid")
    except ValidationError as exc:
        unknown = [_field(error) for error in exc.errors(include_url=False, include_input=False) if error["type"] == "extra_forbidden"]
        if not unknown:
            return _why(raw, exc)
        try:  # a line with an unknown field does not count as a line: other faults show only without such fields
            message = MESSAGE.validate_json(raw)
        except ValidationError as other:
            return _why(raw, other)
        notices = tuple(Notice("unknown_field", field, "is not a field of this message and was ignored") for field in unknown[:MAX_NOTICES])
    if not kept_all(raw, message) and (twice := key_given_twice(raw)):
        return Rejected(reason=Reason.REPEATED_FIELD, field=twice[:100], detail="stands twice in one object: which of the two is meant?")
    return message, notices


def _identifiers(message: AgencyMessage) -> tuple[Notice, ...]:
    """Make a notice for each text of the sender that likely names a person: the note, and the names of goods and of a province."""
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
    """The likely identifiers in a name. It has a cache, because names repeat and notes do not."""
    return likely_identifiers(name)


def _named(field: str, kinds: Iterable[str]) -> list[Notice]:
    return [Notice("likely_identifier", field, f"looks like it holds a {kind}: send a correction without it") for kind in kinds]


@lru_cache(maxsize=16)
def _last_today(minute: int) -> date:
    """The date of today where a day begins first, at UTC+14."""
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
    if kind == "union_tag_invalid" and first["ctx"]["tag"] == TRIAL_TYPE:
        return Rejected(reason=Reason.TEST_MESSAGE, field=field, detail=TRIAL_DETAIL)
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
        return Rejected(reason=Reason.INVALID_UTF8, detail=unreadable(raw, f"byte {exc.start + 1} is not UTF-8"))
    if "recursion" in said:
        return Rejected(reason=Reason.TOO_DEEP, detail="nested deeper than any message needs")
    return Rejected(reason=Reason.NOT_JSON, field=key_of_number(raw, said) or "message", detail=unreadable(raw, said))


def case_no_of(raw: bytes) -> str | None:
    """The case number of a rejected message, for its receipt; None when it cannot be found."""
    try:
        found = orjson.loads(raw)
    except ValueError:
        return None
    number = found.get("case_no") if isinstance(found, dict) else None
    return number[:100] if isinstance(number, str) else None
