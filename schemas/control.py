"""What the exchange itself writes into ``in.<agency>``, in order with the agency's data: ticks and the agency's profile.

A control record carries the header ``CONTROL_HEADER``: a MAC of topic and value under the deployment's secret, so an agency,
which may write to its topic, cannot make time pass or change what is known of it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, TypeAdapter

from schemas.messages import AgencyCode, Country
from schemas.record import Moment, Record

CONTROL_HEADER = "mekong-control"


class Tick(Record):
    """The clock: no data of an earlier time follows unannounced. One a minute and agency."""

    message_type: Literal["tick"] = "tick"
    at: Moment
    replay: bool = False
    """The time is the data's own: only taken in a stack whose clock is off."""


class Membership(Record):
    """An agency's part in one phase of an operation; both days are included."""

    operation: str
    phase: str
    role: str
    starts_on: date
    ends_on: date
    commodity_groups: tuple[str, ...] = ()


class AgencyProfile(Record):
    """What the exchange knows of an agency. Written when it is added, and again when a phase or role changes."""

    message_type: Literal["agency"] = "agency"
    agency: AgencyCode
    name: str
    kind: Literal["customs", "police", "other"]
    country: Country
    region: str
    utc_offset: Annotated[str, StringConstraints(pattern=r"^[+-]\d\d:\d\d$")]
    """When its day ends, as ``+07:00``."""
    memberships: tuple[Membership, ...] = ()
    number: Annotated[int, Field(ge=1)] = 1
    """Counts the changes of this profile. A copy of an older one, sent again by the agency itself, is told by it and dropped."""


Control = Annotated[Tick | AgencyProfile, Discriminator("message_type")]
CONTROL: TypeAdapter[Tick | AgencyProfile] = TypeAdapter(Control)


def sign(secret: bytes, topic: str, value: bytes) -> bytes:
    """The value of ``CONTROL_HEADER`` for a control record: a hex MAC."""
    return hmac.new(secret, topic.encode() + b"\0" + value, hashlib.sha256).hexdigest().encode()


def signed(secret: bytes, topic: str, value: bytes, mac: bytes) -> bool:
    """Whether the exchange wrote this control record."""
    return hmac.compare_digest(sign(secret, topic, value), mac)
