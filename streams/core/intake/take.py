"""One message of an agency in; what it is, its journal entry and its receipt out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas import wire
from schemas.codes import code_list
from schemas.control import AgencyProfile
from schemas.limits import MAX_MASS_KG
from schemas.messages import Feedback, SeizureContent, Warning
from schemas.receipts import Outcome
from schemas.rejected import Reason, Rejected
from schemas.times import EventTime, Precision, from_ms
from streams.core.draft import Draft
from streams.core.intake.check import MAX_NOTICES, Checked, case_no_of
from streams.core.intake.enrich import enrich
from streams.core.intake.enrich.facts import Facts
from streams.core.intake.identify import Case, Identified, Taken, after, identify
from streams.core.intake.identity import Ids
from streams.core.intake.said import Arrived, Notice, Said, entry_base, receipt, refusal

_MAX_MASS_MG = MAX_MASS_KG * 1_000_000
_CHANGED = frozenset({Outcome.ACCEPTED, Outcome.CORRECTED, Outcome.WITHDRAWN})
_HAS_DAY = frozenset({Precision.TIME, Precision.DAY})


def take(
    draft: Draft, ids: Ids, arrived: Arrived, raw: bytes, checked: Checked | Rejected | Exception, profile: AgencyProfile | None
) -> Said:
    """Identify and enrich one message. Raises what was raised when it was read."""
    if profile is None:
        why = f"{arrived.agency} is not registered: `mekong agency add {arrived.agency}`"
        return refusal(arrived, Rejected(reason=Reason.UNREGISTERED_AGENCY, field="agency", detail=why), case_no_of(raw))
    if isinstance(checked, Exception):
        raise checked
    if isinstance(checked, Rejected):
        return refusal(arrived, checked, case_no_of(raw))
    said = _known(draft, ids, arrived, checked, profile)
    return refusal(arrived, said, checked.message.case_no) if isinstance(said, Rejected) else said


def contribution_of(message: SeizureContent, time: EventTime, enriched: Mapping[str, Any]) -> dict[str, Any]:
    """What a seizure adds to the counts."""
    groups: dict[str, list[int]] = {}
    for line, added in zip(message.lines, enriched["lines"], strict=True):
        lines_and_mg = groups.setdefault(line.commodity_group, [0, 0])
        lines_and_mg[0] += 1
        lines_and_mg[1] += added["mass_mg"]
    phase = enriched.get("phase")
    return {"precision": time.precision.value, "day": time.day.isoformat(), "minute": time.minute, "phase": phase, "groups": groups}


def case_key(agency: str, case_no: str) -> bytes:
    """Where a case is kept."""
    return f"{agency}/case/{case_no}".encode()


def same_key(agency: str, content_hash: str) -> bytes:
    """Where the case number first seen with a content is kept."""
    return f"{agency}/same/{content_hash}".encode()


def _known(draft: Draft, ids: Ids, arrived: Arrived, checked: Checked, profile: AgencyProfile) -> Said | Rejected:
    """What a readable message is, beside the case as it was."""
    message = checked.message
    stranger = _unknown_reference(ids, message)
    if stranger:
        return stranger
    stored = draft.get(case_key(arrived.agency, message.case_no))
    case = Case.from_stored(stored) if stored else None
    found = identify(case, message, checked.content)
    if isinstance(found, Rejected):
        return found
    if found.outcome not in _CHANGED:
        event_id = ids.of(arrived.agency, message.case_no)
        return Said(None, receipt(arrived, message.case_no, found, event_id, checked.notices), message.case_no)
    enriched = enrich(Facts(message, checked.time, profile))
    return _too_heavy(enriched) or _keep(draft, ids, arrived, checked, (case, found, enriched))


def _keep(
    draft: Draft,
    ids: Ids,
    arrived: Arrived,
    checked: Checked,
    known: tuple[Case | None, Identified, dict[str, Any]],
) -> Said:
    """Make the message the current version of its case."""
    case, found, enriched = known
    message = checked.message
    notices = checked.notices + tuple(_notices(draft, arrived, found, checked, enriched))
    contribution = contribution_of(message, checked.time, enriched) if isinstance(message, SeizureContent) and checked.time else None
    now = after(case, message.message_type, found, contribution)
    draft.put(case_key(arrived.agency, message.case_no), now.stored())
    event_id = ids.of(arrived.agency, message.case_no)
    entry = {
        "kind": "version",
        **entry_base(arrived),
        "event_id": event_id,
        "case_no": message.case_no,
        "family": now.family,
        "version": found.version,
        "status": now.status,
        "message_type": message.message_type,
        "content_hash": found.hash,
        "content": wire.Ready(checked.content),
        "enriched": enriched,
        "flags": sorted({notice.code for notice in notices}) if notices else [],
        "batch": arrived.batch,
        "contribution": contribution,
        "supersedes": case.contribution if case else None,
    }
    return Said(entry, receipt(arrived, message.case_no, found, event_id, notices), message.case_no)


def _notices(draft: Draft, arrived: Arrived, found: Identified, checked: Checked, enriched: Mapping[str, Any]) -> Iterator[Notice]:
    """Goods that we do not know, codes kept raw, and the same content under another case number; of a warning what goes nowhere."""
    message = checked.message
    if isinstance(message, Warning):
        yield from _of_warning(arrived, message)
    if not isinstance(message, SeizureContent):
        return
    strange = [(index, line["name"]) for index, line in enumerate(enriched["lines"]) if line["code"] is None]
    for index, name in strange[:MAX_NOTICES]:
        yield Notice("unrecognised_goods", f"lines.{index}.substance_or_taxon", f"{name!r} is not on our lists: taken as it is")
    for raw in message.unmapped[:MAX_NOTICES]:
        yield Notice("unmapped_code", raw.field, f"{raw.scheme} {raw.code!r} has no equal here: kept raw")
    if checked.time and checked.time.precision in _HAS_DAY:
        key = same_key(arrived.agency, found.hash)
        first = draft.raw(key)
        if first is None:
            draft.put_raw(key, message.case_no.encode())
        elif first != message.case_no.encode():
            why = f"the same content as case {first.decode()}: both are counted until a person says otherwise"
            yield Notice("suspected_duplicate", "case_no", why)


def _of_warning(arrived: Arrived, message: Warning) -> Iterator[Notice]:
    if arrived.agency in message.to:
        yield Notice("warns_itself", "to", f"names its own sender, {arrived.agency}: a warning is for others")
    for agency in sorted({*message.to} - code_list("agencies").keys())[:MAX_NOTICES]:
        yield Notice("unlisted_agency", "to", f"{agency} is on no list of agencies: it hears of this when it is registered, if it is meant")
    if message.feedback_by is not None and message.feedback_by < from_ms(arrived.received_ms):
        yield Notice("date_passed", "feedback_by", "had passed when the warning came: check the date")


def _too_heavy(enriched: Mapping[str, Any]) -> Rejected | None:
    together = 0
    for index, line in enumerate(enriched.get("lines", ())):
        together += line["mass_mg"]
        if line["mass_mg"] > _MAX_MASS_MG:
            why = f"{line['base_quantity']} kg is absurd: check the unit"
            return Rejected(reason=Reason.BAD_QUANTITY, field=f"lines.{index}.quantity", detail=why)
    if together > _MAX_MASS_MG:
        return Rejected(reason=Reason.BAD_QUANTITY, field="lines", detail=f"weigh over {MAX_MASS_KG:,} kg together: check the units")
    return None


def _unknown_reference(ids: Ids, message: Taken) -> Rejected | None:
    for claimed in message.related_to:
        if not ids.genuine(claimed):
            return Rejected(reason=Reason.UNKNOWN_CASE, field="related_to", detail=f"{claimed} is no event id of this exchange")
    if isinstance(message, Feedback) and not ids.genuine(message.in_reply_to):
        return Rejected(reason=Reason.UNKNOWN_CASE, field="in_reply_to", detail=f"{message.in_reply_to} is no event id of this exchange")
    return None
