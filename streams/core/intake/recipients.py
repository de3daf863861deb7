"""Checks the agencies that a message names: whether they exist, and whether they are registered already.

An agency exists when it is on the code list or registered in this deployment. The sender's profile lists the registered agencies
(``mekong.schemas.control.AgencyProfile.members``), because a lane does not know the agencies of other lanes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from rapidfuzz import process

from mekong.schemas.codes import code_list
from mekong.schemas.control import AgencyProfile
from mekong.schemas.messages import Warning
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import to_text
from mekong.streams.core.intake.check import MAX_NOTICES
from mekong.streams.core.intake.identify import AgencyMessage
from mekong.streams.core.intake.outputs import Notice
from mekong.streams.core.waiting import waits_until

_NEAR = 75  # of 100: a lower similarity is chance
_SHOWN = 3


def reject_unknown_agencies(message: AgencyMessage, profile: AgencyProfile) -> Rejected | None:
    """Reject a message that names an agency which does not exist. A profile from before November 2026 does not list the agencies."""
    if profile.members is None or not (message.handling.release_to or isinstance(message, Warning)):
        return None
    named = {"to": message.to if isinstance(message, Warning) else (), "handling.release_to": message.handling.release_to}
    for field, agencies in named.items():
        for place, agency in enumerate(agencies):
            if agency not in code_list("agencies") and agency not in profile.members:
                why = f"{agency} is on no list of agencies{_nearest(agency, profile.members)}"
                return Rejected(reason=Reason.UNKNOWN_CODE, field=f"{field}.{place}", detail=why)
    return None


def not_registered_yet(message: Warning, profile: AgencyProfile, received_at: datetime) -> Iterator[Notice]:
    """Make a notice for each agency whose registration a warning waits for, with the time when it stops waiting."""
    if profile.members is None:
        for agency in sorted({*message.to} - code_list("agencies").keys())[:MAX_NOTICES]:
            yield Notice(
                "unlisted_agency", "to", f"{agency} is on no list of agencies: it receives this when it is registered; check the name"
            )
        return
    until = to_text(waits_until(received_at, message.feedback_by))
    for agency in sorted({*message.to} - {*profile.members, profile.agency})[:MAX_NOTICES]:
        why = f"{agency} is not registered yet: it receives this if it is registered before {until}; then the warning expires for it"
        yield Notice("unregistered_agency", "to", why)


@lru_cache(maxsize=1_024)
def _nearest(given: str, members: tuple[str, ...]) -> str:
    known = sorted({*code_list("agencies"), *members})
    near = [name for name, *_ in process.extract(given, known, limit=_SHOWN, score_cutoff=_NEAR)]
    return f"; did you mean {' or '.join(near)}?" if near else ""
