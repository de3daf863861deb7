"""``Facts``: what every enrichment may look at."""

from __future__ import annotations

from typing import NamedTuple

from schemas.control import AgencyProfile
from schemas.times import EventTime
from streams.core.intake.identify import Taken


class Facts(NamedTuple):
    """A message, its event time (of a seizure), and the agency as known when it was received."""

    message: Taken
    time: EventTime | None
    profile: AgencyProfile
