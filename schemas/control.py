"""The records that the exchange itself writes into ``in.<agency>``, in order with the agency's data: ticks and the agency's profile.

``control.v1`` has the records that must reach a lane even when an agency's topic cannot be read: orders about sources, and the lane's
own ticks. A control record has the header ``CONTROL_HEADER``: a MAC of topic and value under the deployment's key for control records.
An agency may write to its topic. Without the key it cannot write a tick or change its profile.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, TypeAdapter

from mekong.schemas.keys import Keys
from mekong.schemas.messages import AgencyCode, Country
from mekong.schemas.record import Moment, Record
from mekong.schemas.times import from_ms

CONTROL_HEADER = "mekong-control"
MADE_ANEW = "the topic was made anew"
"""This text is in the reason of an order to park when offsets in the log are older than the stored position. Then no skip helps."""


class Tick(Record):
    """The clock: no data of an earlier time follows unannounced. One a minute and agency."""

    message_type: Literal["tick"] = "tick"
    at: Moment
    replay: bool = False
    """The time is from the data. Only a stack whose clock is off accepts such a tick."""


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
    """The agency's offset from UTC in standard time, as ``+07:00``. Without ``zone`` it defines when the agency's day ends."""
    zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", max_length=40)] | None = None
    """IANA name of its time zone, as ``Asia/Ho_Chi_Minh``: its day ends by that, daylight saving time included."""
    memberships: tuple[Membership, ...] = ()
    members: tuple[AgencyCode, ...] | None = None
    """All agencies of the deployment at the time of writing.

    So intake knows an agency that is not on the code list. None: not given.
    """
    status: Literal["active", "disabled", "removed"] = "active"
    """``disabled``: its messages are rejected. ``removed``: its ticks are dropped too. Nobody waits for its clock meanwhile."""
    reason: str = ""
    """Why the agency is not active. Its receipts give this reason."""
    number: Annotated[int, Field(ge=1)] = 1
    """Counts the changes of this profile. An agency can send an old copy again; its number is lower, and intake drops it."""

    @property
    def place(self) -> str:
        """The agency's time zone, as schemas/zones.py accepts it: an IANA name, or an offset from UTC."""
        return self.zone or self.utc_offset


class SourceOrder(Record):
    """What is to become of the reading of one agency's topic. On ``control.v1``, in the partition of the topic's lane."""

    message_type: Literal["source"] = "source"
    agency: AgencyCode
    topic: str
    action: Literal["park", "unpark", "skip"]
    """``park``: the topic is not read, and no stage waits for its clock. ``skip``: records before the offset ``to`` are never read."""
    to: Annotated[int, Field(ge=0)] | None = None
    reason: str = ""
    by: Literal["operator", "exchange"] = "operator"
    """``exchange``: a worker found that it cannot read the source, or that it can read the source again."""
    retry: bool = False
    """The exchange itself tries to read the source again, because a missing right may be given back."""


LANE_CONTROL: TypeAdapter[Tick | SourceOrder] = TypeAdapter(Annotated[Tick | SourceOrder, Discriminator("message_type")])
Control = Annotated[Tick | AgencyProfile, Discriminator("message_type")]
CONTROL: TypeAdapter[Tick | AgencyProfile] = TypeAdapter(Control)


def sign(secret: bytes, topic: str, value: bytes) -> bytes:
    """The value of ``CONTROL_HEADER`` for a control record: a hex MAC under ``Settings.control_keys().signing``."""
    return hmac.new(secret, topic.encode() + b"\0" + value, hashlib.sha256).hexdigest().encode()


def signed(secret: bytes, topic: str, value: bytes, mac: bytes) -> bool:
    """Whether a control record was signed with this key."""
    return hmac.compare_digest(sign(secret, topic, value), mac)


def is_ours(keys: Keys, at_ms: int, topic: str, value: bytes, mac: bytes) -> bool:
    """Whether the exchange wrote this control record, which the broker appended at this time, under any key that holds for it."""
    return any(signed(key, topic, value, mac) for key in keys.holding(from_ms(at_ms)))
