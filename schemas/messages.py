"""What an agency sends on ``in.<agency>``: seizures, corrections, withdrawals, warnings and feedback.

No nominal data: there is no field for a person's name. Beside the names of goods and of a province, ``method_note`` is the only free
text that travels (how it was done; no names, plates or phone numbers). Fields map onto the published descriptions of AITR, IDS, CEN
and ETIS: docs/glossary.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Discriminator, Field, PlainSerializer, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from schemas.codes import Code
from schemas.limits import MAX_LINES, MAX_QUANTITY, NOTE_LENGTH, QUANTITY_DECIMALS
from schemas.record import Moment, Record
from schemas.times import EventTimeText

AGENCY_PATTERN = r"^[A-Z]{2}-[A-Z0-9](-?[A-Z0-9]){1,38}$"

AgencyCode = Annotated[str, StringConstraints(pattern=AGENCY_PATTERN)]
CaseNo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]
Country = Annotated[str, Code("countries")]
Group = Annotated[str, Code("commodity_groups")]


def _number(number: Decimal) -> Decimal:
    """1.50 and 1.5 are the same number and must hash the same."""
    return number.normalize()


def _quantity(number: Decimal) -> Decimal:
    """More decimals than any scale shows (a spreadsheet's 0.30000000000000004) are rounded away, half to even."""
    if abs(number) > MAX_QUANTITY:
        raise PydanticCustomError("bad_quantity", "is absurd in any unit")
    rounded = round(number, QUANTITY_DECIMALS)
    if rounded <= 0:
        raise PydanticCustomError("bad_quantity", "must be more than 0; leave it out and set quantity_kind to unknown")
    return rounded.normalize()


def _text(number: Decimal) -> str:
    return f"{number:f}"


_PLAIN = PlainSerializer(_text, return_type=str, when_used="json")
Quantity = Annotated[Decimal, Field(max_digits=40, allow_inf_nan=False), AfterValidator(_quantity), _PLAIN]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4), AfterValidator(_number), _PLAIN]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4), AfterValidator(_number), _PLAIN]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, max_digits=9, decimal_places=6), AfterValidator(_number), _PLAIN]
Longitude = Annotated[Decimal, Field(ge=-180, le=180, max_digits=9, decimal_places=6), AfterValidator(_number), _PLAIN]


class RouteStep(Record):
    """One country on the way of the goods."""

    role: Literal["origin", "via", "departure", "destination"]
    country: Country
    confidence: Literal["confirmed", "alleged"] = "alleged"
    locode: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")] | None = None


class Line(Record):
    """One kind of goods in a seizure. Either a quantity with its unit, or ``quantity_kind`` unknown."""

    commodity_group: Group
    substance_or_taxon: Name
    """A substance, or a scientific name: the agency's own words; the exchange adds the canonical code."""
    term_code: Annotated[str, Code("terms")] | None = None
    quantity: Quantity | None = None
    unit: Annotated[str, Code("units")] | None = None
    quantity_kind: Literal["exact", "estimated", "unknown"] = "exact"
    hs6: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None
    purity: Percent | None = None
    """Per cent."""
    cites_source: Annotated[str, Code("cites_sources")] | None = None
    cites_purpose: Annotated[str, Code("cites_purposes")] | None = None


class Suspects(Record):
    """How many, and of which nationalities. Never who."""

    count: Annotated[int, Field(ge=0, le=10_000)]
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
    """When the agency says it reported. ``received_at`` of the receipt is what counts."""
    message_type: str
    """Stands before the content: what comes behind it in canonical JSON is what two messages are compared by."""
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
    """Goods taken by an agency, as one case."""

    message_type: Literal["seizure"] = "seizure"


class Correction(SeizureContent):
    """The whole content of a known case again, corrected."""

    message_type: Literal["correction"] = "correction"


class Withdrawal(Envelope):
    """A known case, warning or feedback is taken back: it no longer counts, and its versions stay on record."""

    message_type: Literal["withdrawal"] = "withdrawal"
    reason: Annotated[str, Code("withdrawal_reasons")] = "other"


class Warning(Pattern):
    """A member tells named others what to look out for."""

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
"""What kind of thing a case number stands for; a withdrawal takes back any."""
