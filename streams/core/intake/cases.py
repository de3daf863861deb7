"""Keeps the cases of an agency, and for each content the case that had it first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mekong.schemas.times import Precision
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.identify import FORMAT, Case

_HAS_DAY = frozenset({Precision.TIME, Precision.DAY})


class StoredCase(NamedTuple):
    """A case number as it is stored, and the case with this number."""

    case_no: str
    case: Case | None
    twin: str | None
    """Another case of the agency whose number looks the same. It is from the time before numbers were normalised."""


def find(draft: Draft, agency: str, case_no: str, sent_as: str) -> StoredCase:
    """Find the case of a message by its number, or by the number as it was sent when an older case is stored under that."""
    if sent_as == case_no:
        return StoredCase(case_no, case_of(draft, agency, case_no), None)
    old, plain = case_of(draft, agency, sent_as), case_of(draft, agency, case_no)
    return StoredCase(case_no, plain, None) if old is None else StoredCase(sent_as, old, case_no if plain else None)


def case_of(draft: Draft, agency: str, case_no: str) -> Case | None:
    """The case that is stored under exactly this number."""
    stored = draft.get(case_key(agency, case_no), FORMAT)
    return Case.from_stored(stored) if stored else None


def store_case(draft: Draft, agency: str, case_no: str, before: Case | None, now: Case) -> str | None:
    """Store ``now`` as the state of a case. Returns an earlier case that still has the same content, or None."""
    draft.put(case_key(agency, case_no), now.stored())
    if before:
        left = same_key(agency, before.hashes[-1])
        if draft.raw(left) == case_no.encode():
            draft.drop(left)
    if not _has_day(now.contribution):
        return None
    key = same_key(agency, now.hashes[-1])
    first = draft.raw(key)
    if first is None:
        draft.put_raw(key, case_no.encode())
    return first.decode() if first is not None else None


def case_key(agency: str, case_no: str) -> bytes:
    """The key of a case."""
    return f"{agency}/case/{case_no}".encode()


def same_key(agency: str, content_hash: str) -> bytes:
    """The key under which the first case number with this content is stored, as long as this case has the content."""
    return f"{agency}/same/{content_hash}".encode()


def _has_day(contribution: Mapping[str, Any] | None) -> bool:
    """Whether a case has a day. Two cases that only have the same month and goods are not suspected duplicates."""
    return contribution is not None and contribution["precision"] in _HAS_DAY
