"""Judges the messages of one request, each by itself, delivers the good ones, and makes the answer.

A line that is refused never costs the other lines: its entry says why.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from mekong.producers.formats import json
from mekong.producers.gateway import problem
from mekong.producers.gateway.parcels import Carried, Letter
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.repeats import Key
from mekong.producers.gateway.turns import SLICE, Turns
from mekong.producers.parsed import Parsed
from mekong.producers.resume_point import ResumePoint
from mekong.schemas.batches import BATCH_HEADER, EDITION_HEADER
from mekong.schemas.control import AgencyProfile
from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.topics import INCOMING

Notices = Sequence[tuple[str, str, str]]
"""Code, field and sentence of each notice."""


class Judge(Protocol):
    """What intake says of a message by itself; deploy gives it (``mekong.streams.core.intake.alone``)."""

    __module__: str

    def __call__(
        self, raw: bytes, profile: AgencyProfile, now_ms: int, edition: bytes | None = None, *, is_whole: bool = True
    ) -> Rejected | Notices:
        """Why the message would be rejected, or its notices. Not ``is_whole``: in less time, without what needs its goods."""


class Carries(Protocol):
    """What delivers messages to one topic."""

    async def deliver(self, letters: list[Letter], headers: list[tuple[str, bytes]], key: Key | None, receipts: int) -> Carried:
        """What became of the messages, whose receipts begin at ``receipts``. Raises Problem."""


class Work(NamedTuple):
    """A request that was read."""

    raw: bytes
    is_ndjson: bool
    profile: AgencyProfile
    """Of the sender."""
    batch: str = ""
    edition: bytes | None = None
    key: Key | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        """The headers of each of its messages."""
        named = ((BATCH_HEADER, self.batch.encode()), (EDITION_HEADER, self.edition))
        return [(name, value) for name, value in named if value]


class Judged(NamedTuple):
    """One message of a request."""

    number: int
    """Its line, from 1."""
    found: Parsed | Rejected
    notices: Notices = ()


class Judging:
    """Judges and sends for every agency. Used on one event loop."""

    def __init__(self, judge: Judge, courier: Callable[[str], Carries]) -> None:
        self._judge, self._courier = judge, courier
        self.turns = Turns()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held while messages of an agency are judged: its requests together have one turn among the agencies."""

    async def check(self, work: Work) -> dict[str, Any]:
        """What would become of the messages, as JSON. Raises Problem."""
        with self._in_turn(work):
            judged = await self._judged(work, is_whole=True)
        refused = sum(isinstance(one.found, Rejected) for one in judged)
        return {"good": len(judged) - refused, "refused": refused, "messages": [_entry(one, None) for one in judged]}

    async def send(self, work: Work, place: Callable[[], Awaitable[int]]) -> dict[str, Any]:
        """What became of the messages, as JSON. ``place`` says where the next receipt will be; it is asked last. Raises Problem."""
        with self._in_turn(work):
            judged = await self._judged(work, is_whole=False)
            letters = [Letter(one.number, one.found.case_no, one.found.value) for one in judged if isinstance(one.found, Parsed)]
            if not letters:
                raise _none_is_good(work, judged)
            return await self._delivered(work, judged, letters, await place())

    def _in_turn(self, work: Work) -> AbstractContextManager[None]:
        """While a small request waits, large ones of other agencies pause."""
        return self.turns.request(work.profile.agency, is_small=not work.is_ndjson or work.raw.count(b"\n") <= SLICE)

    async def _judged(self, work: Work, *, is_whole: bool) -> list[Judged]:
        found = []
        async with self._turns[work.profile.agency]:
            now_ms, began = time.time_ns() // 1_000_000, time.thread_time()
            for count, (number, one) in enumerate(_parsed(work)):
                if count % SLICE == SLICE - 1:
                    await asyncio.sleep(self.turns.pause_s(work.profile.agency, time.thread_time() - began))
                    began = time.thread_time()
                found.append(self._judged_one(work, number, one, now_ms, is_whole=is_whole))
            if pause_s := self.turns.pause_s(work.profile.agency, time.thread_time() - began):  # a flood may be of small requests
                await asyncio.sleep(pause_s)
        return found

    def _judged_one(self, work: Work, number: int, found: Parsed | Rejected, now_ms: int, *, is_whole: bool) -> Judged:
        if isinstance(found, Rejected):
            return Judged(number, found)
        if len(found.value) > MAX_MESSAGE_BYTES:
            detail = f"the message has {len(found.value):,} bytes, {MAX_MESSAGE_BYTES:,} is the most"
            return Judged(number, Rejected(reason=Reason.TOO_LARGE, detail=detail, case_no=found.case_no[:100]))
        agency = work.profile.agency
        if found.agency is not None and found.agency != agency:
            detail = f"names {found.agency[:60]}, but the token is {agency}'s"
            return Judged(number, Rejected(reason=Reason.WRONG_AGENCY, field="agency", detail=detail, case_no=found.case_no[:100]))
        said = self._judge(found.value, work.profile, now_ms, work.edition, is_whole=is_whole)
        if isinstance(said, Rejected) and said.reason is Reason.TEST_MESSAGE:  # intake answers it with a receipt
            return Judged(number, found, ((said.reason.value, said.field, said.detail),))
        if isinstance(said, Rejected):
            return Judged(number, said.model_copy(update={"case_no": found.case_no[:100]}))
        return Judged(number, found, said)

    async def _delivered(self, work: Work, judged: list[Judged], letters: list[Letter], receipts: int) -> dict[str, Any]:
        topic = INCOMING.of(work.profile.agency)
        fates, receipts, _ = await self._courier(topic).deliver(letters, work.headers(), work.key, receipts)
        entries = [_entry(one, fates.get(one.number), topic) for one in judged]
        sent = sum("id" in entry for entry in entries)
        if not sent:
            raise Problem(422, "No message of the request was stored.", messages=entries)
        after = str(ResumePoint(topic, receipts))
        return {"sent": sent, "refused": len(entries) - sent, "receipts_after": after, "messages": entries}


def _parsed(work: Work) -> Iterator[tuple[int, Parsed | Rejected]]:
    """The messages with their lines. Raises Problem when the body as a whole cannot be read."""
    if not work.is_ndjson:
        yield 1, json.one(work.raw)
        return
    for found in json.parse([work.raw]):
        if isinstance(found, Rejected) and found.reason is Reason.BAD_FILE:
            raise problem.of(found)
        yield int(found.where.rpartition(" ")[2]), found


def _none_is_good(work: Work, judged: list[Judged]) -> Problem:
    if not judged:
        return Problem(400, "The body has no message.", reason=Reason.BAD_FILE, field="file")
    first = judged[0].found
    if not work.is_ndjson and isinstance(first, Rejected):
        return problem.of(first)
    return Problem(422, "No line of the body is a message that can be sent.", messages=[_entry(one, None) for one in judged])


def _entry(judged: Judged, fate: int | Rejected | None, topic: str = "") -> dict[str, Any]:
    """What an answer says of one message."""
    why = judged.found if isinstance(judged.found, Rejected) else fate
    entry: dict[str, Any] = {"line": judged.number}
    if judged.found.case_no:
        entry["case_no"] = judged.found.case_no[:100]
    if isinstance(why, Rejected):
        entry |= {"reason": why.reason.value, "field": why.field, "detail": why.detail}
    elif why is not None:
        entry["id"] = f"{topic}@{why}"
    if judged.notices:
        entry["warnings"] = [{"code": code, "field": field, "detail": detail} for code, field, detail in judged.notices]
    return entry
