"""``Facts``: what every enrichment may look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.control import AgencyProfile
from schemas.times import EventTime


class Facts(NamedTuple):
    """A message's canonical content, its event time (of a seizure), and the agency as known when it was received."""

    content: Mapping[str, Any]
    time: EventTime | None
    profile: AgencyProfile
