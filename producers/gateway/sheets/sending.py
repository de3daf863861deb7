"""Sends the good cases of a sheet, and keeps the record of it. Each function raises Problem; nothing of the sheet is stored besides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.sheets import complete, desk, editions, reading
from mekong.producers.gateway.sheets.delivering import SentSheet, deliver, entry_of, outcomes_of
from mekong.producers.gateway.sheets.earlier import before
from mekong.producers.gateway.sheets.numbers import marks_of
from mekong.producers.gateway.sheets.reading import ReadSheet
from mekong.producers.gateway.sheets.upload import Upload
from mekong.producers.gateway.state import State
from mekong.schemas.sendings import Sending
from mekong.schemas.times import from_ms, to_text
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import load

_FIRST_RECEIPTS = 1_000
_NOTHING = complete.Choice()


async def send(
    state: State, still: Callable[[], Caller], upload: Upload, accept: str = "", choice: complete.Choice = _NOTHING
) -> SentSheet:
    """Send the good cases of a sheet. ``still`` says who sends now, or raises Problem: a token may be revoked meanwhile.

    Raises Problem: 409 with ``questions`` and ``accept`` when a person must look first, 422 when no case is good.
    """
    caller = still()
    desk.charge(state, caller.agency, upload)
    earlier = (await asyncio.to_thread(state.history.sendings)).of(caller.agency)
    at = from_ms(desk.now_ms())
    edition = editions.time_of(earlier, upload.digest, at)
    work = state.children.run(caller.agency, reading.read, upload, caller.profile, state.judge, desk.now_ms(), to_text(edition).encode())
    found = await desk.readable(work)
    state.quotas.charge(caller.agency, len(found.entries), sum(len(entry.value) for entry in found.entries))
    topic = INCOMING.of(caller.agency)
    place = await state.mailroom.place(receipts_of(topic))
    if not any(entry.value for entry in found.entries):
        raise Problem(422, "No case of the sheet can be sent.", messages=[entry_of(one) for one in outcomes_of(found, {}, topic)])
    has_cases = not earlier and await _has_cases(state, topic)
    asked = await asyncio.to_thread(editions.asked, earlier, upload.digest, found.entries, has_cases=has_cases)
    series = complete.series_of(choice, earlier)
    complete.keep_series(earlier, upload.id, series)
    leaves = await _leaving(state, earlier, found, choice, edition, series)
    state.quotas.charge(caller.agency, len(leaves.cases), 0)
    _ask([*found.questions, *asked, *leaves.questions], accept, leaves.number, choice.withdraws)
    begun = _begun(still(), upload, found, at, edition, place)
    return await deliver(state, begun.model_copy(update={"series": series, "withdraws": leaves.cases}), upload, found)


async def _leaving(
    state: State, earlier: Sequence[Sending], found: ReadSheet, choice: complete.Choice, edition: datetime, series: str
) -> complete.Leaving:
    """What the sheet withdraws."""
    if not choice.complete:
        return complete.Leaving()
    marks = marks_of((one.mark for one in found.entries), found.passed)
    return complete.leaving(earlier, await before(state, earlier, series, edition), marks, choice, edition, series)


def _begun(caller: Caller, upload: Upload, found: ReadSheet, at: datetime, edition: datetime, place: int) -> Sending:
    return Sending(
        agency=caller.agency,
        id=upload.id,
        state="begun",
        token=caller.token_id,
        at=at,
        edition=edition,
        digest=upload.digest,
        layout=found.layout,
        cases=len(found.entries),
        sent=0,
        contents=editions.contents_of(found.entries),
        months=editions.months_kept(found.entries),
        spoilt=editions.spoilt_kept(found.entries),
        receipts_from=place,
    )


def _ask(questions: list[editions.Asked], accept: str, number: int | None, said: int | None) -> None:
    """Raise Problem (409) when questions have not been answered. ``number``: what ``said`` must be, if anything."""
    answer = editions.answer_of(questions)
    if number == said and number is not None:
        number = None
    if (not questions or accept == answer) and number is None:
        return
    detail = "Nothing was sent. Look at the questions. When the sheet is right, send it again with this `accept`."
    more: dict[str, Any] = {} if number is None else {"withdraws": number}
    raise Problem(409, detail, questions=editions.as_json(questions), accept=answer, **more)


async def _has_cases(state: State, topic: str) -> bool:
    """Whether one of the first receipts of an agency says accepted."""
    first = await state.mailroom.read(receipts_of(topic), 0, _FIRST_RECEIPTS, 0.0)
    return any(load(raw).get("outcome") == "accepted" for _, raw in first.receipts)
