"""Journal entries of a lane in, the state intake had after them out: for when the state topic was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas import wire
from schemas.control import AgencyProfile
from schemas.times import Precision
from streams.core.draft import Draft
from streams.core.intake.control import profile_key, tick_key
from streams.core.intake.identify import Case
from streams.core.intake.take import case_key, same_key


def restore(draft: Draft, entry: Mapping[str, Any]) -> None:
    """Take up one entry, in the order of the journal. The result is byte for byte what ``Intake.fold`` left."""
    agency = entry["agency"]
    if entry["kind"] == "tick":
        draft.put_raw(tick_key(agency), entry["at"].encode())
    elif entry["kind"] == "agency":
        draft.put_raw(profile_key(agency), wire.encode(AgencyProfile.model_validate(entry["profile"])))
    else:
        _version(draft, agency, entry)


def _version(draft: Draft, agency: str, entry: Mapping[str, Any]) -> None:
    key = case_key(agency, entry["case_no"])
    stored = draft.get(key)
    hashes = Case.from_stored(stored).hashes if stored else ()
    contribution = entry["contribution"]
    if contribution and contribution["precision"] in {Precision.TIME, Precision.DAY}:
        same = same_key(agency, entry["content_hash"])
        if draft.raw(same) is None:
            draft.put_raw(same, entry["case_no"].encode())
    draft.put(key, Case(entry["family"], entry["status"], (*hashes, entry["content_hash"]), contribution).stored())
