"""Says what intake says of one message by itself: without the stored cases, and without the secret that its references need. Pure.

``take`` folds a message with these functions. ``judge`` calls them for a message that is not sent, or not sent yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mekong.schemas.control import AgencyProfile
from mekong.schemas.limits import MAX_MASS_KG
from mekong.schemas.messages import SeizureContent, Warning
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import from_ms
from mekong.streams.core.intake.check import MAX_NOTICES, Checked, check
from mekong.streams.core.intake.clock_of_place import in_local_time
from mekong.streams.core.intake.codes_of_day import not_in_force
from mekong.streams.core.intake.doubts import of_line, of_number
from mekong.streams.core.intake.enrich import enrich
from mekong.streams.core.intake.enrich.facts import Facts
from mekong.streams.core.intake.outputs import Notice
from mekong.streams.core.intake.recipients import not_registered_yet, reject_unknown_agencies

_MAX_MASS_MG = MAX_MASS_KG * 1_000_000


def judge(
    raw: bytes, profile: AgencyProfile, now_ms: int, edition: bytes | None = None, *, is_whole: bool = True
) -> Rejected | tuple[Notice, ...]:
    """Why intake would reject the message, or the notices that its receipt would have when its case is new.

    Without ``is_whole`` the goods are not looked up, which saves a third: then it says nothing of their names and of their mass.
    ``now_ms``: the time, milliseconds since 1970.
    """
    checked = check(raw, profile.agency, now_ms, edition)
    local = checked if isinstance(checked, Rejected) else in_local_time(checked, profile, now_ms)
    if isinstance(local, Rejected):
        return local
    if wrong := ended(local):
        return wrong
    if not is_whole:
        return reject_unknown_agencies(local.message, profile) or local.notices
    enriched = added(local, profile)
    if isinstance(enriched, Rejected):
        return enriched
    return (*local.notices, *of_number(local.message, None, None), *notices(local, enriched, profile, now_ms))


def ended(local: Checked) -> Rejected | None:
    """Why a code of the message may not be used on the day of its case."""
    message = local.message
    return not_in_force(message, local.time) if isinstance(message, SeizureContent) and local.time else None


def added(local: Checked, profile: AgencyProfile) -> dict[str, Any] | Rejected:
    """The fields that are added to a new version, or why it is rejected."""
    enriched = enrich(Facts(local.message, local.time, profile))
    return reject_unknown_agencies(local.message, profile) or _too_heavy(enriched) or enriched


def notices(local: Checked, enriched: Mapping[str, Any], profile: AgencyProfile, received_ms: int) -> Iterator[Notice]:
    """Notices for unknown goods, for too much mass, for codes that are kept raw, and for recipients of a warning that get nothing."""
    message = local.message
    if isinstance(message, Warning):
        yield from _of_warning(message, profile, received_ms)
    if not isinstance(message, SeizureContent):
        return
    lines = enumerate(zip(message.lines, enriched["lines"], strict=True))
    found = [notice for index, (line, added) in lines for notice in of_line(index, line, added)]
    for code in dict.fromkeys(notice.code for notice in found):
        yield from [notice for notice in found if notice.code == code][:MAX_NOTICES]
    for raw in message.unmapped[:MAX_NOTICES]:
        yield Notice("unmapped_code", raw.field, f"{raw.scheme} {raw.code!r} has no equal here: kept raw")


def _of_warning(message: Warning, profile: AgencyProfile, received_ms: int) -> Iterator[Notice]:
    if profile.agency in message.to:
        yield Notice("warns_itself", "to", f"names its own sender, {profile.agency}: a warning is for others")
    yield from not_registered_yet(message, profile, from_ms(received_ms))
    if message.feedback_by is not None and message.feedback_by < from_ms(received_ms):
        yield Notice("date_passed", "feedback_by", "had passed when the warning came: check the date")


def _too_heavy(enriched: Mapping[str, Any]) -> Rejected | None:
    together = 0
    for index, line in enumerate(enriched.get("lines", ())):
        together += line["mass_mg"]
        if line["mass_mg"] > _MAX_MASS_MG:
            why = f"{line['base_quantity']} kg is too much for one line: check the number and the unit"
            return Rejected(reason=Reason.BAD_QUANTITY, field=f"lines.{index}.quantity", detail=why)
    if together > _MAX_MASS_MG:
        return Rejected(reason=Reason.BAD_QUANTITY, field="lines", detail=f"weigh over {MAX_MASS_KG:,} kg together: check the units")
    return None
