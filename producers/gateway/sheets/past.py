"""Lists what an agency has sent as sheets, and marks a sheet again with its receipts. Each function raises Problem."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from mekong.producers.answer import Answer, answer
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets import answers, desk
from mekong.producers.gateway.sheets.numbers import number_of
from mekong.producers.gateway.sheets.upload import Upload
from mekong.producers.gateway.state import State
from mekong.producers.sheets.marked import Marked
from mekong.schemas.control import AgencyProfile
from mekong.schemas.languages import Language
from mekong.schemas.receipts import Outcome
from mekong.schemas.sendings import Sending
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import load

MOST = 100
"""Sendings in one list."""
_AT_ONCE = 1_000
_MOST_READ = 50_000
"""Receipts that are read for one answer."""
WITHDRAWALS = 100_000_000
"""The numbers of withdrawals of a sheet, in place of a row, begin here."""
_EDITION = "edition "
"""How the order of an edition begins in a receipt."""
_ROW = re.compile(r"[0-9]{1,20}")
"""The end of a correlation id of a sheet. An agency may write another one over Kafka."""


class Listed(NamedTuple):
    """One sending with what its receipts say."""

    sending: Sending
    outcomes: Mapping[str, int]
    """``accepted``, ``duplicate``, ``stale``, ``rejected`` -> cases."""
    rejected: Mapping[str, int]
    """Reason of a receipt -> cases."""
    waiting: int | None
    """Cases without a receipt yet. None: too many receipts came since, so they were not all counted."""


async def history(state: State, agency: str, limit: int = 20, before: str = "") -> list[Listed]:
    """The newest sendings first. ``before``: the id of the last one that is known already.

    Raises Problem: 400 for an unknown id, 429 when too many readers of the agency wait.
    """
    with state.quotas.waiting(agency):
        return await _listed(state, agency, limit, before)


async def _listed(state: State, agency: str, limit: int, before: str) -> list[Listed]:
    every = (await asyncio.to_thread(state.history.sendings)).of(agency)
    if before:
        at = next((place for place, one in enumerate(every) if one.id == before), None)
        if at is None:
            raise Problem(400, "This sending does not exist. Begin without `before`.", field="before")
        every = every[at + 1 :]
    left, found = _MOST_READ, list[Listed]()
    for one in every[:limit]:
        receipts, read = await receipts_for(state, one, left)
        left -= read
        outcomes = Counter(receipt.outcome.value for receipt in receipts.values())
        rejected = Counter(str(receipt.reason) for receipt in receipts.values() if receipt.outcome is Outcome.REJECTED)
        waiting = None if left <= 0 and len(receipts) < one.messages else max(0, one.messages - len(receipts))
        found.append(Listed(one, outcomes, rejected, waiting))
    return found


async def marked_again(state: State, profile: AgencyProfile, id_: str, upload: Upload, language: Language | None = None) -> Marked:
    """The same sheet with the receipts beside its rows.

    Raises Problem: 404 for an unknown sending, 409 for another file or another layout than those of the sending, 429 when too many readers
    of the agency wait.
    """
    with state.quotas.waiting(profile.agency):
        return await _marked_again(state, profile, id_, upload, language)


async def _marked_again(state: State, profile: AgencyProfile, id_: str, upload: Upload, language: Language | None) -> Marked:
    desk.charge(state, profile.agency, upload)
    sending = (await asyncio.to_thread(state.history.sendings)).one(profile.agency, id_)
    if sending is None:
        raise Problem(404, "Your agency has no such sending.", field="id")
    if upload.digest != sending.digest:
        raise Problem(409, "This is another file than the one that was sent. Give the same file, not changed.", field="file")
    if upload.id != sending.id:
        raise Problem(409, "The file was sent with another layout or encoding. Give the same ones.", field="layout")
    receipts, _ = await receipts_for(state, sending, _MOST_READ)
    of_rows = {row: receipt for row, receipt in receipts.items() if row < WITHDRAWALS}
    work = state.children.run(profile.agency, answers.answered, upload, profile, state.judge, desk.now_ms(), of_rows, language)
    return await desk.readable(work)


async def receipts_for(state: State, sending: Sending, most: int) -> tuple[dict[int, Answer], int]:
    """The first row of a case -> its receipt, and how many receipts were read for that."""
    found, read = await raw_receipts_for(state, sending, most)
    return {row: answer(raw) for row, raw in found.items()}, read


async def raw_receipts_for(state: State, sending: Sending, most: int) -> tuple[dict[int, bytes], int]:
    """As ``receipts_for``: the receipts as they are on the topic. That of a withdrawal has a number from ``WITHDRAWALS`` on."""
    topic, prefix = receipts_of(INCOMING.of(sending.agency)), f"sheet-{sending.id}-"
    found: dict[int, bytes] = {}
    place, read = sending.receipts_from, 0
    while read < most and len(found) < sending.messages:
        some = await state.mailroom.read(topic, place, _AT_ONCE, 0.0)
        for _, raw in some.receipts:
            correlation = load(raw).get("correlation_id") or ""
            row = correlation.removeprefix(prefix)
            if correlation.startswith(prefix) and _ROW.fullmatch(row):
                found.setdefault(int(row), raw)
        read += len(some.receipts)
        if not some.receipts:
            break
        place = some.next
    return found, read


async def otherwise(state: State, sending: Sending, own: Collection[str]) -> tuple[dict[bytes, bool], bool]:
    """The cases whose newest receipt since a sending is not of the sheets ``own``, and whether all receipts were read.

    The hash of a case's number -> ``is_numbered``. A rejected message changes nothing.
    """
    found, place, prefixes = dict[bytes, bool](), sending.receipts_from, tuple(f"sheet-{id_}-" for id_ in own)
    for _ in range(_MOST_READ // _AT_ONCE):
        some = await state.mailroom.read(receipts_of(INCOMING.of(sending.agency)), place, _AT_ONCE, 0.0)
        if not some.receipts:
            return found, True
        for receipt in (load(raw) for _, raw in some.receipts):
            number = number_of(str(receipt.get("case_no") or ""))
            if str(receipt.get("correlation_id") or "").startswith(prefixes):
                found.pop(number, None)
            elif receipt.get("outcome") != Outcome.REJECTED:
                found[number] = is_numbered(receipt)
        place = some.next
    return found, False


def is_numbered(receipt: Mapping[str, Any]) -> bool:
    """Whether a case is ordered by something else than editions, such as a revision."""
    return not str(receipt.get("sender_order") or _EDITION).startswith(_EDITION)
