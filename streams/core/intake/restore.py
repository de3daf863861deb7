"""Rebuilds the state of intake from the journal entries of a lane, when the state topic was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile, SourceOrder
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.cases import case_of, store_case
from mekong.streams.core.intake.control import profile_key, tick_key
from mekong.streams.core.intake.identify import StoredParts, after
from mekong.streams.core.intake.orders import TIME, follow


def restore(draft: Draft, entry: Mapping[str, Any]) -> None:
    """Apply one entry, in the order of the journal. The result is byte for byte the state that ``Intake.fold`` wrote."""
    agency = entry["agency"]
    if entry["kind"] == "tick":
        draft.put_raw(tick_key(agency), entry["at"].encode())
    elif entry["kind"] == "agency":
        draft.put_raw(profile_key(agency), wire.encode(AgencyProfile.model_validate(entry["profile"])))
    elif entry["kind"] == "source":
        follow(draft, SourceOrder.model_validate(entry["order"]))
    elif entry["kind"] == "time":
        draft.put_raw(TIME, entry["at"].encode())
    else:
        _version(draft, agency, entry)


def _version(draft: Draft, agency: str, entry: Mapping[str, Any]) -> None:
    before = case_of(draft, agency, entry["case_no"])
    parts = StoredParts(entry["content_hash"], entry.get("sender_order"), entry["content"]["handling"]["tlp"], entry["contribution"])
    store_case(draft, agency, entry["case_no"], before, after(before, entry["message_type"], parts))
