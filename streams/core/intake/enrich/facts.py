"""Defines ``Facts``, the data that every enrichment may read."""

from __future__ import annotations

from typing import NamedTuple

from mekong.schemas.control import AgencyProfile
from mekong.schemas.times import EventTime
from mekong.streams.core.intake.identify import AgencyMessage


class Facts(NamedTuple):
    """A message, its event time (of a seizure), and the profile of its agency at the time of receipt."""

    message: AgencyMessage
    time: EventTime | None
    profile: AgencyProfile
