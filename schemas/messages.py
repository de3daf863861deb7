"""The records that an agency sends on ``in.<agency>``: seizures, corrections, withdrawals, warnings and feedback.

No nominal data: no record has a field for a person's name. Beside the names of goods and of a province, ``method_note`` is the only free
text that travels (how it was done; no names, plates or phone numbers). Fields map onto the published descriptions of AITR, IDS, CEN
and ETIS: docs/glossary.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from mekong.schemas.codes import Code
from mekong.schemas.json_rules import QUANTITY_OR_UNKNOWN, in_json
from mekong.schemas.limits import CASE_NO_LENGTH, MAX_LINES, MAX_QUANTITY, MAX_REVISION, NOTE_LENGTH, QUANTITY_DECIMALS
from mekong.schemas.record import Moment, Record
from mekong.schemas.text import normalised
from mekong.schemas.times import EventTimeText

AGENCY_PATTERN = r"^[A-Z]{2}-[A-Z0-9](-?[A-Z0-9]){1,38}$"

AgencyCode = Annotated[str, StringConstraints(pattern=AGENCY_PATTERN)]
_PRINTED = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_NORMALISED = AfterValidator(normalised)
CaseNo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CASE_NO_LENGTH, pattern=_PRINTED), _NORMALISED]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_PRINTED), _NORMALISED]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=_PRINTED), _NORMALISED]
Country = Annotated[str, Code("countries")]
Group = Annotated[str, Code("commodity_groups")]


def _written(given: Any) -> Any:
    """A number in a text has the digits 0 to 9 only: Python would read ``1_800`` and the digits of any script."""
    if isinstance(given, str) and ("_" in given or not given.isascii()):
        raise PydanticCustomError("bad_number", "must be a number such as 12.5, in the digits 0 to 9")
    return given


def _number(number: Decimal) -> Decimal:
    """1.50 and 1.5 are the same number and must hash the same."""
    return number.normalize()


def _quantity(number: Decimal) -> Decimal:
    """More decimals than any scale shows (a spreadsheet's 0.30000000000000004) are rounded away, half to even."""
    if abs(number) > MAX_QUANTITY:
        raise PydanticCustomError("bad_quantity", "is too large in any unit: check the number and the unit")
    rounded = round(number, QUANTITY_DECIMALS)
    if rounded <= 0:
        raise PydanticCustomError("bad_quantity", "must be more than 0; leave it out and set quantity_kind to unknown")
    return rounded.normalize()


def _text(number: Decimal) -> str:
    return f"{number:f}"


_WRITTEN = BeforeValidator(_written)
_PLAIN = PlainSerializer(_text, return_type=str, when_used="json")
_OVER_ZERO = in_json(over=0, most=float(MAX_QUANTITY))
_POSITIVE = in_json(least=0)
_PER_CENT = in_json(r"0*(100|\d?\d)", least=0, most=100)
_TO_90 = in_json(r"0*(90|[0-8]?\d)", least=-90, most=90)
_TO_180 = in_json(r"0*(180|1[0-7]\d|\d?\d)", least=-180, most=180)
Quantity = Annotated[Decimal, Field(max_digits=40, allow_inf_nan=False), _WRITTEN, AfterValidator(_quantity), _PLAIN, _OVER_ZERO]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4), _WRITTEN, AfterValidator(_number), _PLAIN, _POSITIVE]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4), _WRITTEN, AfterValidator(_number), _PLAIN, _PER_CENT]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, max_digits=9, decimal_places=6), _WRITTEN, AfterValidator(_number), _PLAIN, _TO_90]
Longitude = Annotated[Decimal, Field(ge=-180, le=180, max_digits=9, decimal_places=6), _WRITTEN, AfterValidator(_number), _PLAIN, _TO_180]


class RouteStep(Record):
    """One country on the way of the goods."""

    role: Literal["origin", "via", "departure", "destination"]
    country: Country
    confidence: Literal["confirmed", "alleged"] = "alleged"
    locode: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")] | None = None


class Line(Record):
    """One kind of goods in a seizure. Either a quantity with its unit, or ``quantity_kind`` unknown."""

    model_config = ConfigDict(json_schema_extra=QUANTITY_OR_UNKNOWN)
    commodity_group: Group
    substance_or_taxon: Name
    """A substance, or a scientific name: the agency's own words; the exchange adds the canonical code."""
    term_code: Annotated[str, Code("terms")] | None = None
    quantity: Quantity | None = None
    unit: Annotated[str, Code("units")] | None = None
    quantity_kind: Literal["exact", "estimated", "unknown"] = "exact"
    hs6: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None
    purity: Percent | None = None
    """Per cent."""
    cites_source: Annotated[str, Code("cites_sources")] | None = None
    cites_purpose: Annotated[str, Code("cites_purposes")] | None = None


class Suspects(Record):
    """How many, and of which nationalities. Never who."""

    count: Annotated[int, Field(ge=0, le=10_000), _WRITTEN]
    nationalities: Annotated[tuple[Country, ...], Field(max_length=50)] = ()


class Handling(Record):
    """Who may see it, and how good it is (TLP 2.0; handling codes and grades of the 4x4 and 5x5 systems)."""

    tlp: Annotated[str, Code("tlp")] = "TLP:AMBER"
    handling_code: Annotated[str, Code("handling")] = "H1"
    release_to: Annotated[tuple[AgencyCode, ...], Field(max_length=100)] = ()
    source_grade: Annotated[str, Code("source_grades")] | None = None
    information_grade: Annotated[str, Code("information_grades")] | None = None


class Attachment(Record):
    """A file kept elsewhere: its hash and where it is."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    uri: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:\S+$", max_length=300)]


class Unmapped(Record):
    """A code of the sender's own system that has no equal here: kept raw, and flagged."""

    field: Short
    scheme: Short
    code: Short


class Envelope(Record):
    """What every message of an agency has."""

    schema_version: Literal[1] = 1
    agency: AgencyCode
    case_no: CaseNo
    """The agency's own number of the case, warning or feedback. With the agency it is the natural key."""
    reported_at: Moment | None = None
    """When the agency says that it reported. ``received_at`` of the receipt is the time that counts."""
    revision: Annotated[int, Field(ge=0, le=MAX_REVISION), _WRITTEN] | None = None
    """The sender's own number of this state of the case: of two versions the higher one is the newer, whichever arrives first.

    Without it the order is that of ``reported_at``, or else of the file's edition. It belongs to no content.
    """
    message_type: str
    """The kind of message. In canonical JSON, the content follows this field. Two messages are compared by their content."""
    method_note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_LENGTH)] | None = None
    """How it was done. No names, plates or phone numbers."""
    related_to: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    """Event ids of cases that belong together, of this agency or another (a joint case)."""
    handling: Handling = Handling()
    simulated: bool = False


class Pattern(Envelope):
    """What a seizure and a warning both describe: the way of the goods and how they were hidden."""

    transport_mode: Annotated[str, Code("transport")] | None = None
    conveyance: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{2,20}:[0-9a-f]{64}$")] | None = None
    """``<operation>:<HMAC-SHA256>`` of the vessel, plate or flight under the operation's key. Never a plain hash."""
    direction: Annotated[str, Code("directions")] | None = None
    detection_methods: Annotated[tuple[Annotated[str, Code("detection")], ...], Field(max_length=20)] = ()
    concealment_methods: Annotated[tuple[Annotated[str, Code("concealment")], ...], Field(max_length=20)] = ()
    route: Annotated[tuple[RouteStep, ...], Field(max_length=30)] = ()
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=20)] = ()


class SeizureContent(Pattern):
    """The content of a seizure: one case with one line or more."""

    operation: Annotated[str, Code("operations")] | None = None
    seized_at: EventTimeText
    country: Country | None = None
    """Where it was seized; the agency's own country when absent."""
    admin1: Name | None = None
    place: Annotated[str, Code("places")] | None = None
    place_type: Annotated[str, Code("place_types")] | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES)]
    reason_for_seizure: Annotated[str, Code("reasons")] | None = None
    value_amount: Amount | None = None
    value_currency: Annotated[str, Code("currencies")] | None = None
    suspects: Suspects | None = None
    legal_basis: Annotated[str, Code("legal_bases")] | None = None
    sanction: Annotated[str, Code("sanctions")] | None = None
    disposal: Annotated[str, Code("disposals")] | None = None
    outcome: Annotated[str, Code("outcomes")] | None = None
    unmapped: Annotated[tuple[Unmapped, ...], Field(max_length=50)] = ()


class Seizure(SeizureContent):
    """Goods that an agency seized, as one case."""

    message_type: Literal["seizure"] = "seizure"


class Correction(SeizureContent):
    """The complete content of a known case again, corrected."""

    message_type: Literal["correction"] = "correction"


class Withdrawal(Envelope):
    """Withdraws a known case, warning or feedback. It no longer counts, and its versions stay on record."""

    message_type: Literal["withdrawal"] = "withdrawal"
    reason: Annotated[str, Code("withdrawal_reasons")] = "other"


class Warning(Pattern):
    """A member warns the named members what to look for."""

    message_type: Literal["warning"] = "warning"
    to: Annotated[tuple[AgencyCode, ...], Field(min_length=1, max_length=100)]
    feedback_by: Moment | None = None
    commodity_groups: Annotated[tuple[Group, ...], Field(max_length=10)] = ()
    substances_or_taxa: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class Feedback(Envelope):
    """The answer to a warning, or to a case of another member."""

    message_type: Literal["feedback"] = "feedback"
    in_reply_to: UUID
    """The event id of the warning or case answered."""
    outcome: Annotated[str, Code("feedback_outcomes")]


Message = Annotated[Seizure | Correction | Withdrawal | Warning | Feedback, Discriminator("message_type")]
MESSAGE: TypeAdapter[Seizure | Correction | Withdrawal | Warning | Feedback] = TypeAdapter(Message)
FAMILIES = {"seizure": "case", "correction": "case", "warning": "warning", "feedback": "feedback"}
"""What a case number names. A withdrawal can withdraw any kind."""
MESSAGE_TYPES: tuple[str, ...] = tuple(one.model_fields["message_type"].default for one in get_args(get_args(Message)[0]))
"""What ``message_type`` may be."""
