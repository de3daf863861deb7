"""Passes the exchange's own control records to the journal, in order with the agency's data: ticks and profiles of the agency."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from pydantic import ValidationError

from mekong.schemas import wire
from mekong.schemas.control import CONTROL, AgencyProfile, Tick, is_ours
from mekong.schemas.errors import Fatal
from mekong.schemas.keys import CONTROL as CONTROL_RECORDS
from mekong.schemas.keys import Keys
from mekong.schemas.limits import CONTROL_SKEW_S
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import from_ms, to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.outputs import Arrived, IntakeOutput, entry_base, rejection

log = logging.getLogger(__name__)


class Deployment(NamedTuple):
    """What intake needs to know about its deployment."""

    secret: bytes
    clock_is_on: bool
    """Off: an isolated stack that accepts ticks with the time of the data."""
    keys: Keys | None = None
    """The keys of control records; None: the keys that are made from the secret."""

    @property
    def control_keys(self) -> Keys:
        """The keys that a control record must be signed with."""
        return self.keys or Keys.of(CONTROL_RECORDS, self.secret)


def control(draft: Draft, deployment: Deployment, arrived: Arrived, raw: bytes, mac: bytes) -> IntakeOutput | None:
    """Pass a tick or profile to the journal.

    A forged record is rejected. A tick whose time is not now and a profile that is not newer than the known one are dropped (None).
    """
    if not is_ours(deployment.control_keys, arrived.received_ms, arrived.topic, raw, mac):
        why = Rejected(reason=Reason.FORGED_CONTROL, detail="carries the exchange's control header without its signature")
        return rejection(arrived, why, None)
    try:
        record = CONTROL.validate_json(raw)
    except ValidationError as exc:
        raise Fatal(f"{arrived.topic} {arrived.offset}: one of our control records cannot be read: {exc}") from exc
    known = profile_of(draft, arrived.agency)
    if isinstance(record, Tick):
        if known is not None and known.status == "removed":
            return None
        at = passed(draft, tick_key(arrived.agency), deployment, arrived, record)
        return IntakeOutput({"kind": "tick", **entry_base(arrived), "at": at}, None) if at else None
    if known is not None and record.number <= known.number:
        log.info("%s %d: profile %d dropped, %d is known", arrived.topic, arrived.offset, record.number, known.number)
        return None
    draft.put_raw(profile_key(arrived.agency), wire.encode(record))
    return IntakeOutput({"kind": "agency", **entry_base(arrived), "profile": record.model_dump(mode="json")}, None)


def profile_of(draft: Draft, agency: str) -> AgencyProfile | None:
    """The newest profile of an agency."""
    raw = draft.raw(profile_key(agency))
    return _decoded(raw) if raw else None


@lru_cache(maxsize=1_024)
def _decoded(raw: bytes) -> AgencyProfile:
    """A profile from its bytes. It has a cache, because each run asks for it and it changes a few times a year."""
    return wire.decode(raw, AgencyProfile)


def profile_key(agency: str) -> bytes:
    """The key of an agency's profile."""
    return f"{agency}/profile".encode()


def tick_key(agency: str) -> bytes:
    """The key of an agency's last tick."""
    return f"{agency}/tick".encode()


def passed(draft: Draft, key: bytes, deployment: Deployment, arrived: Arrived, tick: Tick) -> str | None:
    """Accept a tick and store its time under ``key``; None when the tick is dropped.

    The time never moves back. With the clock on, a tick that differs from its append time by more than five minutes is dropped.
    """
    skewed = abs(tick.at - from_ms(arrived.received_ms)) > timedelta(seconds=CONTROL_SKEW_S)
    at = to_text(tick.at)
    last = draft.raw(key)
    if (deployment.clock_is_on and (tick.replay or skewed)) or (last is not None and last.decode() >= at):
        log.info("%s %d: tick of %s dropped", arrived.topic, arrived.offset, at)
        return None
    draft.put_raw(key, at.encode())
    return at
