"""Control records of the exchange itself, in order with the agency's data: ticks, and what is known of the agency."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from pydantic import ValidationError

from schemas import wire
from schemas.control import CONTROL, AgencyProfile, Tick, signed
from schemas.errors import Fatal
from schemas.limits import CONTROL_SKEW_S
from schemas.rejected import Reason, Rejected
from schemas.times import from_ms, to_text
from streams.core.draft import Draft
from streams.core.intake.said import Arrived, Said, entry_base, refusal

log = logging.getLogger(__name__)


class Deployment(NamedTuple):
    """What intake needs to know of where it runs."""

    secret: bytes
    clock_is_on: bool
    """Off: an isolated stack that takes ticks of the data's own time."""


def control(draft: Draft, deployment: Deployment, arrived: Arrived, raw: bytes, mac: bytes) -> Said | None:
    """Pass a tick or profile on to the journal.

    A forged one is refused; a tick of another time than now, and a profile no newer than the one known, are dropped (None).
    """
    if not signed(deployment.secret, arrived.topic, raw, mac):
        why = Rejected(reason=Reason.FORGED_CONTROL, detail="carries the exchange's control header without its signature")
        return refusal(arrived, why, None)
    try:
        record = CONTROL.validate_json(raw)
    except ValidationError as exc:
        raise Fatal(f"{arrived.topic} {arrived.offset}: a control record of ours cannot be read: {exc}") from exc
    if isinstance(record, Tick):
        return _tick(draft, deployment, arrived, record)
    known = profile_of(draft, arrived.agency)
    if known is not None and record.number <= known.number:
        log.info("%s %d: profile %d dropped, %d is known", arrived.topic, arrived.offset, record.number, known.number)
        return None
    draft.put_raw(profile_key(arrived.agency), wire.encode(record))
    return Said({"kind": "agency", **entry_base(arrived), "profile": record.model_dump(mode="json")}, None)


def profile_of(draft: Draft, agency: str) -> AgencyProfile | None:
    """The agency as it was last registered."""
    raw = draft.raw(profile_key(agency))
    return _decoded(raw) if raw else None


@lru_cache(maxsize=1_024)
def _decoded(raw: bytes) -> AgencyProfile:
    """Asked for again with each run; it changes a few times a year."""
    return wire.decode(raw, AgencyProfile)


def profile_key(agency: str) -> bytes:
    """Where an agency's profile is kept."""
    return f"{agency}/profile".encode()


def tick_key(agency: str) -> bytes:
    """Where an agency's last tick is kept."""
    return f"{agency}/tick".encode()


def _tick(draft: Draft, deployment: Deployment, arrived: Arrived, tick: Tick) -> Said | None:
    """Time only moves on. With the clock on, a tick off its append time by five minutes is another's idea of it."""
    skewed = abs(tick.at - from_ms(arrived.received_ms)) > timedelta(seconds=CONTROL_SKEW_S)
    at = to_text(tick.at)
    key = tick_key(arrived.agency)
    last = draft.raw(key)
    if (deployment.clock_is_on and (tick.replay or skewed)) or (last is not None and last.decode() >= at):
        log.info("%s %d: tick of %s dropped", arrived.topic, arrived.offset, at)
        return None
    draft.put_raw(key, at.encode())
    return Said({"kind": "tick", **entry_base(arrived), "at": at}, None)
