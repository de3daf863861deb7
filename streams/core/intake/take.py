"""Identifies and enriches one message of an agency, and makes its journal entry and its receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile
from mekong.schemas.messages import Feedback, SeizureContent
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.times import EventTime
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.alone import added, ended, notices
from mekong.streams.core.intake.cases import StoredCase, find, store_case
from mekong.streams.core.intake.check import Checked, case_no_of
from mekong.streams.core.intake.clock_of_place import in_local_time
from mekong.streams.core.intake.doubts import of_number
from mekong.streams.core.intake.identify import AgencyMessage, ComparedParts, Identified, StoredParts, after, identify
from mekong.streams.core.intake.identity import Ids, content_hash
from mekong.streams.core.intake.outputs import Arrived, IntakeOutput, Notice, entry_base, receipt, rejection

_CHANGED = frozenset({Outcome.ACCEPTED, Outcome.CORRECTED, Outcome.WITHDRAWN})


class IdentifiedMessage(NamedTuple):
    """A message with its case, its outcome and its added fields."""

    place: StoredCase
    found: Identified
    enriched: dict[str, Any]


def take(
    draft: Draft, ids: Ids, arrived: Arrived, raw: bytes, checked: Checked | Rejected | Exception, profile: AgencyProfile | None
) -> IntakeOutput:
    """Identify and enrich one message. Raises the exception that was raised when the message was checked."""
    if profile is None:
        why = f"{arrived.agency} is not registered: `mekong agency add {arrived.agency}`"
        return rejection(arrived, Rejected(reason=Reason.UNREGISTERED_AGENCY, field="agency", detail=why), case_no_of(raw))
    if profile.status != "active":
        reason = f": {profile.reason}" if profile.reason else ""
        why = f"{arrived.agency} is {profile.status}{reason}. Nothing of it was kept; ask the operator"
        return rejection(arrived, Rejected(reason=Reason.AGENCY_DISABLED, field="agency", detail=why), case_no_of(raw))
    if isinstance(checked, Exception):
        raise checked
    local = in_local_time(checked, profile, arrived.received_ms) if isinstance(checked, Checked) else checked
    if isinstance(local, Rejected):
        return rejection(arrived, local, case_no_of(raw))
    output = _known(draft, ids, arrived, local, profile)
    return rejection(arrived, output, local.message.case_no) if isinstance(output, Rejected) else output


def contribution_of(message: SeizureContent, time: EventTime, enriched: Mapping[str, Any]) -> dict[str, Any]:
    """What a seizure adds to the counts."""
    groups: dict[str, list[int]] = {}
    for line, found in zip(message.lines, enriched["lines"], strict=True):
        lines_and_mg = groups.setdefault(line.commodity_group, [0, 0])
        lines_and_mg[0] += 1
        lines_and_mg[1] += found["mass_mg"]
    phase = enriched.get("phase")
    return {"precision": time.precision.value, "day": time.day.isoformat(), "minute": time.minute, "phase": phase, "groups": groups}


def _known(draft: Draft, ids: Ids, arrived: Arrived, checked: Checked, profile: AgencyProfile) -> IntakeOutput | Rejected:
    """The result for a valid message, compared with the stored case."""
    message = checked.message
    if wrong := _unknown_reference(ids, message) or ended(checked):
        return wrong
    place = find(draft, arrived.agency, message.case_no, checked.sent_as)
    found = identify(
        place.case, message, ComparedParts(content_hash(message, checked.content, checked.seized_at), checked.order, checked.as_sent)
    )
    if isinstance(found, Rejected):
        return found
    if found.outcome not in _CHANGED:
        ids_of_it = place.case_no, ids.of(arrived.agency, place.case_no)
        return IntakeOutput(None, receipt(arrived, ids_of_it, found, checked.order, (*checked.notices, *_alike(place))), place.case_no)
    enriched = added(checked, profile)
    if isinstance(enriched, Rejected):
        return enriched
    return _keep(draft, ids, arrived, checked, IdentifiedMessage(place, found, enriched), profile)


def _keep(
    draft: Draft,
    ids: Ids,
    arrived: Arrived,
    checked: Checked,
    known: IdentifiedMessage,
    profile: AgencyProfile,
) -> IntakeOutput:
    """Make the message the current version of its case."""
    (case_no, case, _), found, enriched = known
    message = checked.message
    contribution = contribution_of(message, checked.time, enriched) if isinstance(message, SeizureContent) and checked.time else None
    now = after(case, message.message_type, StoredParts(found.hash, checked.order, message.handling.tlp, contribution))
    first = store_case(draft, arrived.agency, case_no, case, now)
    doubts = of_number(message, case.contribution if case else None, contribution)
    told = (*checked.notices, *_alike(known.place, first), *doubts, *notices(checked, enriched, profile, arrived.received_ms))
    event_id = ids.of(arrived.agency, case_no)
    entry = {
        "kind": "version",
        **entry_base(arrived),
        "event_id": event_id,
        "case_no": case_no,
        "family": now.family,
        "version": found.version,
        "status": now.status,
        "message_type": message.message_type,
        "content_hash": found.hash,
        "content": wire.Ready(checked.content),
        "enriched": enriched,
        "flags": sorted({notice.code for notice in told}) if told else [],
        "batch": arrived.batch,
        **({"sender_order": checked.order} if checked.order else {}),
        "contribution": contribution,
        "supersedes": case.contribution if case else None,
    }
    return IntakeOutput(entry, receipt(arrived, (case_no, event_id), found, checked.order, told, checked.seized_at), case_no)


def _alike(place: StoredCase, first: str | None = None) -> Iterator[Notice]:
    """Notices for another case whose number looks the same, and for another case with the same content (``first``)."""
    if place.twin is not None:
        yield Notice("number_looks_alike", "case_no", f"looks like {place.twin}, another case of yours: if they are one, withdraw one")
    if first is not None:
        yield Notice("suspected_duplicate", "case_no", f"the same content as case {first}: both are counted until a person says otherwise")


def _unknown_reference(ids: Ids, message: AgencyMessage) -> Rejected | None:
    for claimed in message.related_to:
        if not ids.genuine(claimed):
            return Rejected(reason=Reason.UNKNOWN_CASE, field="related_to", detail=f"{claimed} is not an event id of this exchange")
    if isinstance(message, Feedback) and not ids.genuine(message.in_reply_to):
        return Rejected(
            reason=Reason.UNKNOWN_CASE, field="in_reply_to", detail=f"{message.in_reply_to} is not an event id of this exchange"
        )
    return None
