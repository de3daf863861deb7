"""The records of accepted messages, in order and never deleted: ``journal.v1``. All later stages are deterministic functions of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field, TypeAdapter

from mekong.schemas.control import AgencyProfile, SourceOrder
from mekong.schemas.feed_counts import Counted
from mekong.schemas.record import Moment, Record
from mekong.schemas.times import Precision

EXCHANGE: Literal["EXCHANGE"] = "EXCHANGE"
"""The agency of an entry that belongs to no agency."""


class Source(Record):
    """The message that an entry was made from."""

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
    sender_order: str | None = None
    """The sender's own order: ``revision 12``, ``reported_at …`` or ``edition …``; None when it gave none."""
    content: dict[str, Any]
    """The message in canonical form (schemas/messages.py), without its unknown fields."""
    enriched: Enriched
    flags: tuple[str, ...] = ()
    batch: str | None = None
    """The sending that the message belongs to (header ``mekong-batch``)."""
    contribution: Contribution | None = None
    supersedes: Contribution | None = None


class TickEntry(Record):
    """The clock's tick. All data of the agency that arrived before the tick are before it in the journal."""

    kind: Literal["tick"] = "tick"
    format: int = 1
    agency: str
    at: Moment
    received_at: Moment
    source: Source
    feed: Counted | None = None
    """What became of the agency's messages since its tick before, the rejected ones included. None when there were none."""


class AgencyEntry(Record):
    """An agency's profile as of here."""

    kind: Literal["agency"] = "agency"
    format: int = 1
    agency: str
    received_at: Moment
    source: Source
    profile: AgencyProfile


class SourceEntry(Record):
    """An agency's topic is parked, read again, or read from another place on as of here."""

    kind: Literal["source"] = "source"
    format: int = 1
    agency: str
    received_at: Moment
    source: Source
    order: SourceOrder


class TimeEntry(Record):
    """A full hour has passed in this partition, whichever agency is silent."""

    kind: Literal["time"] = "time"
    format: int = 1
    agency: Literal["EXCHANGE"] = EXCHANGE
    at: Moment
    received_at: Moment
    source: Source


JournalEntry = Annotated[Version | TickEntry | AgencyEntry | SourceEntry | TimeEntry, Discriminator("kind")]
JOURNAL_ENTRY: TypeAdapter[Version | TickEntry | AgencyEntry | SourceEntry | TimeEntry] = TypeAdapter(JournalEntry)
