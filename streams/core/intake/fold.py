"""Consecutive records of one agency's topic in; journal entries, receipts and the agency's cases out: one message, one receipt.

State of a lane (``cases.v1``), keys of one agency beginning with its code: ``<agency>/profile``, ``<agency>/case/<case_no>``, and
``<agency>/same/<content hash>`` -> the case number first seen with that content.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from schemas import wire
from schemas.control import CONTROL, CONTROL_HEADER, AgencyProfile, Tick, signed
from schemas.errors import Fatal
from schemas.limits import CONTROL_SKEW_S, MAX_MASS_KG
from schemas.messages import Feedback, SeizureContent
from schemas.receipts import Outcome
from schemas.rejected import Reason, Rejected
from schemas.times import EventTime, Precision, from_ms, text_of_ms, to_text
from streams.core.draft import Draft
from streams.core.intake.check import MAX_NOTICES, Checked, case_no_of, check
from streams.core.intake.enrich import enrich
from streams.core.intake.enrich.facts import Facts
from streams.core.intake.identify import Case, Identified, Taken, after, identify
from streams.core.intake.identity import canonical, event_id, genuine

log = logging.getLogger(__name__)

BATCH_HEADER = "mekong-batch"
MAX_INTERNAL_RUN = 100  # defects in a row before the process ends: a bad deploy must not reject everything
_MG_PER_KG = 1_000_000
_NO_HEADERS: Mapping[str, bytes] = {}
_CHANGED = frozenset({Outcome.ACCEPTED, Outcome.CORRECTED, Outcome.WITHDRAWN})


class Deployment(NamedTuple):
    """What a fold needs to know of where it runs."""

    secret: bytes
    clock_is_on: bool
    """Off: an isolated stack that takes ticks of the data's own time."""


class Arrived(NamedTuple):
    """Where and when a record came in."""

    topic: str
    offset: int
    agency: str
    received_ms: int
    received_at: str
    batch: str | None


class Said(NamedTuple):
    """What one record gave: values for the journal and for the receipts topic."""

    entry: dict[str, Any] | None
    receipt: dict[str, Any] | None
    case_no: str | None = None


class Intake:
    """The fold of intake. Holds no state but a count of defects in a row."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.internal_run = 0

    def fold(self, draft: Draft, topic: str, agency: str, records: Sequence[Any], say: Callable[[Said], None]) -> None:
        """Take ``records`` in order, tell ``say`` what each gave. Raises Fatal after too many defects in a row."""
        profiles: dict[str, AgencyProfile | None] = {}
        for record in records:
            headers = dict(record.headers) if record.headers else _NO_HEADERS
            batch = headers.get(BATCH_HEADER)
            arrived = Arrived(
                topic, record.offset, agency, record.timestamp, text_of_ms(record.timestamp), batch and batch.decode(errors="replace")[:100]
            )
            raw = record.value or b""
            if CONTROL_HEADER in headers:
                said = self._control(draft, arrived, raw, headers[CONTROL_HEADER])
                profiles.clear()
            else:
                if agency not in profiles:
                    profiles[agency] = profile_of(draft, agency)
                said = self._caught(draft, arrived, raw, profiles[agency])
            if said is not None:
                say(said)

    def _caught(self, draft: Draft, arrived: Arrived, raw: bytes, profile: AgencyProfile | None) -> Said:
        """One message; a defect of ours on it is a receipt too, and leaves the state as it was."""
        draft.begin()
        try:
            said = take(draft, self.deployment, arrived, raw, profile)
        except Fatal:
            raise
        except Exception as exc:  # the edge of one record: a defect on it must not stop the agency's others
            draft.take_back()
            self.internal_run += 1
            if self.internal_run >= MAX_INTERNAL_RUN:
                raise Fatal(f"{MAX_INTERNAL_RUN} messages in a row failed inside; the last is {arrived.topic} {arrived.offset}") from exc
            log.exception("%s %d failed inside", arrived.topic, arrived.offset)
            why = Rejected(reason=Reason.INTERNAL, detail="failed inside the exchange; the operator sees it. Nothing of it was kept.")
            return refusal(arrived, why, case_no_of(raw))
        self.internal_run = 0
        return said

    def _control(self, draft: Draft, arrived: Arrived, raw: bytes, mac: bytes) -> Said | None:
        if not signed(self.deployment.secret, arrived.topic, raw, mac):
            why = Rejected(reason=Reason.FORGED_CONTROL, detail="carries the exchange's control header without its signature")
            return refusal(arrived, why, None)
        try:
            control = CONTROL.validate_json(raw)
        except ValidationError as exc:
            raise Fatal(f"{arrived.topic} {arrived.offset}: a control record of ours cannot be read: {exc}") from exc
        base = {
            "format": 1,
            "agency": arrived.agency,
            "received_at": arrived.received_at,
            "source": {"topic": arrived.topic, "offset": arrived.offset},
        }
        if isinstance(control, Tick):
            return self._tick(draft, arrived, control, base)
        draft.put_raw(f"{arrived.agency}/profile".encode(), wire.encode(control))
        return Said({"kind": "agency", **base, "profile": control.model_dump(mode="json")}, None)

    def _tick(self, draft: Draft, arrived: Arrived, tick: Tick, base: Mapping[str, Any]) -> Said | None:
        """A tick that may pass: of the data's own time only with the clock off, else within five minutes of its append time."""
        skew = abs(tick.at - from_ms(arrived.received_ms))
        late = self.deployment.clock_is_on and (tick.replay or skew > timedelta(seconds=CONTROL_SKEW_S))
        at = to_text(tick.at)
        key = f"{arrived.agency}/tick".encode()
        last = draft.raw(key)
        if late or (last is not None and last.decode() >= at):
            log.info("%s %d: tick of %s dropped", arrived.topic, arrived.offset, at)
            return None
        draft.put_raw(key, at.encode())
        return Said({"kind": "tick", **base, "at": at}, None)


def take(draft: Draft, deployment: Deployment, arrived: Arrived, raw: bytes, profile: AgencyProfile | None) -> Said:
    """One message of an agency: what it is, and what to tell the world."""
    if profile is None:
        why = Rejected(
            reason=Reason.UNREGISTERED_AGENCY,
            field="agency",
            detail=f"{arrived.agency} is not registered: `mekong agency add {arrived.agency}`",
        )
        return refusal(arrived, why, case_no_of(raw))
    checked = check(raw, arrived.agency, arrived.received_ms)
    if isinstance(checked, Rejected):
        return refusal(arrived, checked, case_no_of(raw))
    message = checked.message
    case_no = message.case_no
    stranger = _unknown_reference(deployment.secret, message)
    if stranger:
        return refusal(arrived, stranger, case_no)
    key = f"{arrived.agency}/case/{case_no}".encode()
    stored = draft.get(key)
    case = Case.from_stored(stored) if stored else None
    content = canonical(message)
    found = identify(case, message, content)
    if isinstance(found, Rejected):
        return refusal(arrived, found, case_no)
    identifier = event_id(deployment.secret, arrived.agency, case_no)
    if found.outcome not in _CHANGED:
        return Said(None, _receipt(arrived, case_no, found, identifier, checked.notices), case_no)
    enriched = enrich(Facts(message, checked.time, profile))
    heavy = _too_heavy(enriched)
    if heavy:
        return refusal(arrived, heavy, case_no)
    notices = checked.notices + _notices(draft, arrived.agency, case_no, found, checked, enriched)
    contribution = contribution_of(message, checked.time, enriched) if isinstance(message, SeizureContent) and checked.time else None
    now = after(case, message.message_type, found, contribution)
    draft.put(key, now.stored())
    entry = {
        "kind": "version",
        "format": 1,
        "event_id": identifier,
        "agency": arrived.agency,
        "case_no": case_no,
        "family": now.family,
        "version": found.version,
        "status": now.status,
        "message_type": message.message_type,
        "received_at": arrived.received_at,
        "source": {"topic": arrived.topic, "offset": arrived.offset},
        "content_hash": found.hash,
        "content": wire.Ready(content),
        "enriched": enriched,
        "flags": sorted({code for code, _, _ in notices}),
        "batch": arrived.batch,
        "contribution": contribution,
        "supersedes": case.contribution if case else None,
    }
    return Said(entry, _receipt(arrived, case_no, found, identifier, notices), case_no)


def refusal(arrived: Arrived, why: Rejected, case_no: str | None) -> Said:
    """The receipt of a message that was not taken."""
    receipt: dict[str, Any] = {
        **_receipt_base(arrived),
        "outcome": Outcome.REJECTED.value,
        "reason": why.reason.value,
        "field": why.field,
        "detail": why.detail,
    }
    if case_no is not None:
        receipt["case_no"] = case_no
    return Said(None, receipt, case_no)


def profile_of(draft: Draft, agency: str) -> AgencyProfile | None:
    """The agency as it was last registered."""
    raw = draft.raw(f"{agency}/profile".encode())
    return wire.decode(raw, AgencyProfile) if raw else None


def contribution_of(message: SeizureContent, time: EventTime, enriched: Mapping[str, Any]) -> dict[str, Any]:
    """What a seizure adds to the counts."""
    groups: dict[str, list[int]] = {}
    for line, added in zip(message.lines, enriched["lines"], strict=True):
        lines_and_mg = groups.setdefault(line.commodity_group, [0, 0])
        lines_and_mg[0] += 1
        lines_and_mg[1] += added["mass_mg"]
    return {
        "precision": time.precision.value,
        "day": time.day.isoformat(),
        "minute": time.minute,
        "phase": enriched.get("phase"),
        "groups": groups,
    }


def _receipt_base(arrived: Arrived) -> dict[str, Any]:
    return {
        "format": 1,
        "source_topic": arrived.topic,
        "source_offset": arrived.offset,
        "agency": arrived.agency,
        "received_at": arrived.received_at,
    }


def _receipt(arrived: Arrived, case_no: str, found: Identified, identifier: str, notices: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    receipt = {
        **_receipt_base(arrived),
        "case_no": case_no,
        "outcome": found.outcome.value,
        "event_id": identifier,
        "version": found.version,
    }
    if notices:
        receipt["warnings"] = [{"code": code, "field": field, "detail": detail} for code, field, detail in notices]
    return receipt


def _notices(
    draft: Draft, agency: str, case_no: str, found: Identified, checked: Checked, enriched: Mapping[str, Any]
) -> tuple[tuple[str, str, str], ...]:
    """What a person should look at: goods we do not know, raw codes, and the same content under another number."""
    notices: list[tuple[str, str, str]] = []
    for index, line in enumerate(enriched.get("lines", ())):
        if line["code"] is None and len(notices) < MAX_NOTICES:
            notices.append(
                ("unrecognised_goods", f"lines.{index}.substance_or_taxon", f"{line['name']!r} is not on our lists: taken as it is")
            )
    if isinstance(checked.message, SeizureContent):
        notices += [
            ("unmapped_code", raw.field, f"{raw.scheme} {raw.code!r} has no equal here: kept raw") for raw in checked.message.unmapped
        ]
    if checked.time and checked.time.precision in {Precision.TIME, Precision.DAY}:
        key = f"{agency}/same/{found.hash}".encode()
        first = draft.raw(key)
        if first is None:
            draft.put_raw(key, case_no.encode())
        elif first != case_no.encode():
            notices.append(
                (
                    "suspected_duplicate",
                    "case_no",
                    f"the same content as case {first.decode()}: both are counted until a person says otherwise",
                )
            )
    return tuple(notices)


def _too_heavy(enriched: Mapping[str, Any]) -> Rejected | None:
    for index, line in enumerate(enriched.get("lines", ())):
        if line["mass_mg"] > MAX_MASS_KG * _MG_PER_KG:
            return Rejected(
                reason=Reason.BAD_QUANTITY, field=f"lines.{index}.quantity", detail=f"{line['base_quantity']} kg is absurd: check the unit"
            )
    return None


def _unknown_reference(secret: bytes, message: Taken) -> Rejected | None:
    for claimed in message.related_to:
        if not genuine(secret, claimed):
            return Rejected(reason=Reason.UNKNOWN_CASE, field="related_to", detail=f"{claimed} is no event id of this exchange")
    if isinstance(message, Feedback) and not genuine(secret, message.in_reply_to):
        return Rejected(reason=Reason.UNKNOWN_CASE, field="in_reply_to", detail=f"{message.in_reply_to} is no event id of this exchange")
    return None
