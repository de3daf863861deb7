"""Runs intake on messages without an exchange: it says what the receipts of an agency's first messages would say. Pure.

It knows nothing of cases that were sent before. So it cannot say that a message is a duplicate, a correction or stale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mekong.deploy.profiles import Given, profile_of
from mekong.producers.sheets.judged import Said, plain
from mekong.schemas import wire
from mekong.schemas.codes import code_list
from mekong.schemas.control import AgencyProfile
from mekong.schemas.errors import Refused
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.rejected import Reason
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.cases import case_key
from mekong.streams.core.intake.control import Deployment, profile_key
from mekong.streams.core.intake.fold import Intake

_OFFSET = "+07:00"
"""Of an agency that is on no list. It decides no receipt of a sheet."""
_AGENCY = re.compile(AGENCY_PATTERN)


class _Record(NamedTuple):
    value: bytes
    offset: int
    timestamp: int
    headers: tuple[tuple[str, bytes], ...] = ()


class Trial:
    """An exchange that has answered nothing before."""

    def __init__(self, now_ms: int, *, each_case_once: bool = False) -> None:
        """``each_case_once``: no case number comes twice, so that cases need not be kept: of 200,000 they have 100 MB."""
        self._intake = Intake(Deployment(b"a check sends nothing, so any secret will do", clock_is_on=True))
        self._draft = Draft({}, {})
        self._now_ms, self._offset, self._forget = now_ms, 0, each_case_once

    def judge(self, agency: str, raw: bytes) -> list[Said]:
        """What the receipt of a message would say; empty when it would be accepted without a notice."""
        if not _AGENCY.fullmatch(agency):
            why = "the message names no agency, or what it names is not a code such as VN-CUSTOMS: give the sender with --agency"
            return [Said(rejected=True, code=Reason.INVALID_VALUE.value, field="agency", sentence=why)]
        if self._draft.raw(profile_key(agency)) is None:
            self._draft.put_raw(profile_key(agency), wire.encode(_profile(agency)))
        record = _Record(raw, self._offset, self._now_ms)
        self._offset += 1
        (said,) = self._intake.fold(self._draft, f"in.{agency}.v1", agency, [record])
        if self._forget and said.case_no is not None:
            self._draft.changes.pop(case_key(agency, said.case_no), None)
        return list(_said(said.receipt or {}))


def _said(receipt: dict[str, Any]) -> Iterator[Said]:
    if reason := receipt.get("reason"):
        yield Said(rejected=True, code=reason, field=receipt["field"], sentence=plain(receipt["field"], receipt["detail"]))
    for notice in receipt.get("warnings", ()):
        yield Said(rejected=False, code=notice["code"], field=notice["field"], sentence=plain(notice["field"], notice["detail"]))


def _profile(agency: str) -> AgencyProfile:
    """The profile of an agency of the code list, or one with only what its code says."""
    try:
        return profile_of(agency)
    except Refused:
        land = agency[:2] if agency[:2] in code_list("countries") else next(iter(code_list("countries")))
        return profile_of(agency, Given(name=agency, kind="other", country=land, utc_offset=_OFFSET))
