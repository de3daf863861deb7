"""The record of a sheet that came over HTTPS: ``sendings.v1`` (compacted). It has no text of the sheet and not the name of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import NonNegativeInt, PositiveInt, StringConstraints, WithJsonSchema

from mekong.schemas.messages import AgencyCode
from mekong.schemas.record import Moment, Record
from mekong.schemas.tokens import Digest, TokenId

MOST_BAD = 100
"""Rows of one sending that are kept with their reason. Every gateway has all of them in memory."""
MOST_OF_AN_AGENCY = 1_000
"""Sendings of one agency that are kept."""
MOST_COMPARED = 2_000
"""Cases of a sheet whose contents and months are kept as hashes. Of a sheet with more cases none is kept."""
MOST_WITHDRAWN = 1_000
"""Cases that one sheet withdraws."""
Packed = Annotated[bytes, WithJsonSchema({"type": "string", "contentEncoding": "base64url"})]
SendingId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class BadRow(Record):
    """A row of a case that was not sent."""

    row: PositiveInt
    reason: str


class Sending(Record):
    """One sheet that was sent. The key of its topic is ``agency/id``; the same sheet by the same layout has the same id."""

    agency: AgencyCode
    id: SendingId
    state: Literal["begun", "sent"]
    """``begun`` is written before the first message, ``sent`` when the broker has stored the last one."""
    token: TokenId
    """The id of the token that sent it."""
    at: Moment
    """When it was sent last."""
    edition: Moment
    """When its bytes were first sent. It orders the versions of its cases."""
    digest: Digest
    """SHA-256 of the file."""
    layout: str
    """The name of a layout of the exchange, or ``own-`` and a part of the SHA-256 of the sender's own."""
    cases: NonNegativeInt
    sent: NonNegativeInt
    refused: Mapping[str, NonNegativeInt] = {}
    """Reason -> cases that were not sent."""
    bad: tuple[BadRow, ...] = ()
    """The first ``MOST_BAD`` of them."""
    more_bad: NonNegativeInt = 0
    first_offset: NonNegativeInt | None = None
    """Of its messages on the agency's ``in.`` topic."""
    last_offset: NonNegativeInt | None = None
    contents: Packed = b""
    """10 bytes for each case that was sent: 6 of the hash of its number, 4 of the hash of its message. A return to them is asked about."""
    months: Packed = b""
    """2 bytes for each case of ``contents``: year * 12 + month of its seizure; 0 when only the year is known."""
    spoilt: Packed = b""
    """6 bytes for each case that was not sent because of a fault: the hash of its number. It is in the sheet."""
    series: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{16})?$")] = ""
    """What its editions have in common: the id of the first one, or a hash of the name that the sender gave. Empty: it is the first one."""
    withdraws: tuple[str, ...] = ()
    """Cases that a request wanted to withdraw: new ones come last."""
    unsent: tuple[NonNegativeInt, ...] = ()
    """Places in ``withdraws`` of cases whose withdrawal is not known to be stored. They stay counted."""
    receipts_from: NonNegativeInt
    """Offset on the agency's ``receipts.`` topic: its receipts come from there on."""

    @property
    def of_series(self) -> str:
        """The series that it is of."""
        return self.series or self.id

    @property
    def messages(self) -> int:
        """How many receipts it gets."""
        return self.sent + len(self.withdrawn)

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """The cases whose withdrawal is stored."""
        unsent = frozenset(self.unsent)
        return tuple(case_no for place, case_no in enumerate(self.withdraws) if place not in unsent)

    @property
    def key(self) -> str:
        """Its key on the topic."""
        return f"{self.agency}/{self.id}"
