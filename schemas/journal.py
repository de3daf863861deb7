"""What was accepted, in order, for ever: ``journal.v1``. Everything downstream is a deterministic function of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field, TypeAdapter

from schemas.control import AgencyProfile
from schemas.record import Moment, Record
from schemas.times import Precision


class Source(Record):
    """The message behind an entry."""

    topic: str
    offset: int


class Contribution(Record):
    """What one version of a case adds to the counts; a later version subtracts it again."""

    precision: Precision
    day: date
    """Local date at the place of seizure; the first of the month or year when only that is known."""
    minute: int | None = None
    """Whole minutes since 1970-01-01T00:00Z; only with precision ``time``."""
    phase: str | None = None
    groups: dict[str, tuple[int, int]]
    """Commodity group -> lines, milligrams."""


class EnrichedLine(Record):
    """What the exchange adds to a line, at the line's own index."""

    code: str | None = None
    """Canonical substance or taxon, None when the name is not known."""
    name: str
    appendix: str | None = None
    """CITES appendix on the day of seizure."""
    schedule: str | None = None
    """Table of the 1961, 1971 or 1988 convention on the day of seizure."""
    hs6: str | None = None
    base_quantity: str | None = None
    """Decimal number in ``base_unit``."""
    base_unit: Literal["kg", "l", "piece"] | None = None
    factor_id: str | None = None
    """The named, versioned conversion used; None when the unit needed none or has none."""
    mass_mg: int = 0


class Enriched(Record):
    """What the exchange adds to a case."""

    agency_kind: str
    agency_country: str
    agency_region: str
    country: str | None = None
    operation: str | None = None
    phase: str | None = None
    lines: tuple[EnrichedLine, ...] = ()


class Version(Record):
    """One version of a case, warning or feedback."""

    kind: Literal["version"] = "version"
    format: int = 1
    event_id: UUID
    agency: str
    case_no: str
    family: Literal["case", "warning", "feedback"]
    version: Annotated[int, Field(ge=1)]
    status: Literal["current", "withdrawn"]
    message_type: str
    received_at: Moment
    source: Source
    content_hash: str
    """``<format>:<BLAKE2b-128 hex>`` of the canonical content."""
    content: dict[str, Any]
    """The message in canonical form (schemas/messages.py), without its unknown fields."""
    enriched: Enriched
    flags: tuple[str, ...] = ()
    batch: str | None = None
    """The sending the message came in (header ``mekong-batch``)."""
    contribution: Contribution | None = None
    supersedes: Contribution | None = None


class TickEntry(Record):
    """The clock's tick, behind all of the agency's data that came before it."""

    kind: Literal["tick"] = "tick"
    format: int = 1
    agency: str
    at: Moment
    received_at: Moment
    source: Source


class AgencyEntry(Record):
    """An agency's profile as of here."""

    kind: Literal["agency"] = "agency"
    format: int = 1
    agency: str
    received_at: Moment
    source: Source
    profile: AgencyProfile


JournalEntry = Annotated[Version | TickEntry | AgencyEntry, Discriminator("kind")]
JOURNAL_ENTRY: TypeAdapter[Version | TickEntry | AgencyEntry] = TypeAdapter(JournalEntry)
