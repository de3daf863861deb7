"""What an agency does with a sheet over HTTPS, without its HTTP: the API and the sender's page both call these functions.

Each raises Problem, whose status, detail, reason and field are for the sender.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TypeVar

from mekong.producers.gateway import problem
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets import proposing, reading
from mekong.producers.gateway.sheets.proposing import Guessed, Looked
from mekong.producers.gateway.sheets.reading import CheckedSheet
from mekong.producers.gateway.sheets.upload import MOST_BYTES, Upload
from mekong.producers.gateway.state import State
from mekong.producers.sheets.refused import Unreadable
from mekong.schemas.control import AgencyProfile
from mekong.schemas.languages import Language
from mekong.schemas.rejected import Reason, Rejected

T = TypeVar("T")


async def guess(state: State, agency: str, upload: Upload, *, is_more: bool = False) -> Guessed:
    """Propose a layout for a sheet that no layout knows. ``is_more``: as the second work of one request."""
    charge(state, agency, upload, is_more=is_more)
    return await readable(state.children.run(agency, proposing.guessed, upload))


async def look(state: State, agency: str, upload: Upload) -> Looked:
    """The first cases of a sheet beside their cells."""
    charge(state, agency, upload)
    return await readable(state.children.run(agency, proposing.looked, upload, agency))


async def check(
    state: State, profile: AgencyProfile, upload: Upload, *, mark: bool = False, is_more: bool = False, language: Language | None = None
) -> CheckedSheet:
    """What would become of a sheet; with ``mark`` also the marked sheet. ``is_more``: as the second work of one request."""
    charge(state, profile.agency, upload, is_more=is_more)
    return await readable(state.children.run(profile.agency, reading.checked, upload, profile, state.judge, now_ms(), mark, language))


async def readable(work: Awaitable[T]) -> T:
    """The result of work on a sheet. Raises Problem for a sheet that cannot be read."""
    try:
        return await work
    except Unreadable as exc:
        found = problem.of(Rejected(reason=exc.reason, field=exc.field, detail=exc.detail))
        if exc.reason is not Reason.TOO_LARGE:
            found.status = 422
        raise found from exc


def charge(state: State, agency: str, upload: Upload, *, is_more: bool = False) -> None:
    """Count the bytes of a sheet. Raises Problem: 429 when the agency has used up its minute, 413 for too large a sheet.

    ``is_more``: the request was charged before, and may be in debt because of that. It is counted, and not refused.
    """
    size = len(upload.data)
    if is_more:
        state.quotas.charge(agency, 0, size)
    else:
        with state.quotas.sending(agency, time.monotonic()) as left:
            left.charge(0, size)
    if size > MOST_BYTES:
        raise Problem(413, f"A sheet has at most {MOST_BYTES:,} bytes here.", reason=Reason.TOO_LARGE.value, field="file")


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
