"""Answers requests whose body is a form with a sheet, and requests for the history. A body of messages goes to ``gateway.messages``."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mekong.producers.gateway import body, messages, quota
from mekong.producers.gateway.parts import MEDIA_TYPE, is_form
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.sheets import delivering, desk, editions, past, preview, sending
from mekong.producers.gateway.sheets.form import Form, read_form
from mekong.producers.gateway.sheets.past import MOST, Listed
from mekong.producers.gateway.sheets.reading import CheckedSheet
from mekong.producers.gateway.state import State
from mekong.producers.resume_point import ResumePoint
from mekong.schemas.languages import LANGUAGES, Language
from mekong.schemas.rejected import Reason
from mekong.schemas.times import to_text
from mekong.schemas.topics import INCOMING
from mekong.schemas.wire import dump

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_FINDINGS = 1_000
"""In an answer; all of them are counted, and all are in the marked sheet."""
_INSIDE = {"agency", "contents", "months", "spoilt", "withdraws", "unsent", "receipts_from"}
"""What the list of sendings does not have of a record."""
_ID = re.compile(r"[0-9a-f]{16}")


async def post(state: State, request: Request, caller: Caller) -> Response:
    """Send messages, or a sheet. Raises Problem."""
    if not is_form(request.headers.get("content-type", "")):
        return await messages.post(state, request, caller)
    _unnamed(request)
    async with _form(state, request, caller) as form:
        if form.choice.complete:
            _expect_reader(state, request)
        sent = await sending.send(state, lambda: _still(state, request), form.upload, form.accept, form.choice)
    found: dict[str, Any] = {**sent._asdict(), "notes": list(sent.notes), "messages": [delivering.entry_of(one) for one in sent.entries]}
    found["withdrawals"] = [one._asdict() for one in sent.withdrawals]
    del found["entries"]
    return Response(dump(found), 202, media_type="application/json")


async def check(state: State, request: Request, caller: Caller) -> Response:
    """Check messages, or a sheet. Raises Problem."""
    language = _language(request)
    if not is_form(request.headers.get("content-type", "")):
        return await messages.check(state, request, caller)
    _unnamed(request)
    mark = XLSX in request.headers.get("accept", "")
    async with _form(state, request, caller) as form:
        if form.choice.complete:
            _expect_reader(state, request)
        found = await desk.check(state, caller.profile, form.upload, mark=mark, language=language)
        if found.marked is not None:
            return _workbook(found.marked.data)
        more = await _compared(state, request, form, found) if form.choice.series else {}
    return Response(dump(_checked(found) | more), media_type="application/json")


async def _compared(state: State, request: Request, form: Form, found: CheckedSheet) -> dict[str, Any]:
    """What the answer to a check says of the earlier editions of the sheet, to a token that may read."""
    caller, digest = _still(state, request), form.upload.digest
    with state.quotas.waiting(caller.agency):
        if not form.choice.complete:
            said = await preview.stay(state, caller.agency, digest, found.marks, form.choice) if _may_read(state, request) else ()
            return {"notes": [*found.notes, *said]}
        leaves = await preview.leaving(state, caller.agency, digest, found.marks, form.choice)
    needed = {} if leaves.number is None else {"withdraws": leaves.number}
    return {
        "withdrawals": {"count": len(leaves.cases), "cases": list(leaves.cases), "questions": editions.as_json(leaves.questions), **needed}
    }


def _may_read(state: State, request: Request) -> bool:
    try:
        _expect_reader(state, request)
    except Problem:
        return False
    return True


def _expect_reader(state: State, request: Request) -> None:
    """Raise Problem (403) for a token that may not read: case numbers of earlier sheets are shown."""
    state.book.caller(request.headers.get("authorization", ""), "read")


async def history(state: State, request: Request, caller: Caller) -> Response:
    """The sendings of an agency. Raises Problem."""
    text, before = request.query_params.get("limit", "20"), request.query_params.get("before", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST):  # noqa: PLR2004 - no number is longer
        raise Problem(400, f"limit must be a number from 1 to {MOST}.", field="limit")
    found = await past.history(state, caller.agency, int(text), before)
    answer = {"sendings": [_listed(one) for one in found]}
    return Response(dump(answer), media_type="application/json", headers={"cache-control": "no-store"})


async def marked(state: State, request: Request, caller: Caller) -> Response:
    """A sheet that was sent before, with its receipts. Raises Problem."""
    id_ = str(request.path_params["id"])
    if not _ID.fullmatch(id_):
        raise Problem(404, "Your agency has no such sending.", field="id")
    if not is_form(request.headers.get("content-type", "")):
        raise Problem(415, f"Content-Type must be {MEDIA_TYPE}, with the file that was sent.", headers={"accept": MEDIA_TYPE})
    async with _form(state, request, caller) as form:
        found = await past.marked_again(state, caller.profile, id_, form.upload, _language(request))
    return _workbook(found.data)


@asynccontextmanager
async def _form(state: State, request: Request, caller: Caller) -> AsyncIterator[Form]:
    """The form of a request; its bytes are under way until the block ends."""
    with state.quotas.sending(caller.agency, time.monotonic()) as left, quota.held(left) as hold:
        raw = await body.read(request, hold)
        try:
            form = read_form(raw, request.headers.get("content-type", ""))
        except Problem:
            left.charge(0, len(raw))  # a sheet is charged where it is read
            raise
        yield form


def _unnamed(request: Request) -> None:
    """Raise Problem (400) for what names a sending of messages: a sheet has its own edition and its own batch."""
    for name in ("edition", "batch"):
        if name in request.query_params:
            why = f"A sheet is not sent with {name}: the exchange gives it one, by its file and by the time when it was first sent."
            raise Problem(400, why, reason=Reason.INVALID_VALUE.value, field=name)


def _language(request: Request) -> Language | None:
    """The language of the marks on a sheet, when the request names one. Raises Problem (400)."""
    if (wanted := request.query_params.get("lang")) is None:
        return None
    found = next((one for one in LANGUAGES if one == wanted), None)
    if found is None:
        raise Problem(400, f"lang must be one of {', '.join(LANGUAGES)}.", field="lang")
    return found


def _still(state: State, request: Request) -> Caller:
    return state.book.caller(request.headers.get("authorization", ""), "send")


def _workbook(data: bytes) -> Response:
    headers = {"content-disposition": 'attachment; filename="marked.xlsx"', "cache-control": "no-store"}
    return Response(data, media_type=XLSX, headers=headers)


def _checked(found: CheckedSheet) -> dict[str, Any]:
    counts = {name: found.counts.get(name, 0) for name in ("good", "notice", "question", "rejected")}
    return {
        "layout": found.layout,
        "language": found.language,
        **counts,
        "findings": [one._asdict() for one in found.findings[:MOST_FINDINGS]],
        "more_findings": max(0, len(found.findings) - MOST_FINDINGS),
        "notes": list(found.notes),
        "summary": list(found.summary),
    }


def _listed(one: Listed) -> dict[str, Any]:
    sent = one.sending.model_dump(mode="json", exclude=_INSIDE)
    after = str(ResumePoint(INCOMING.of(one.sending.agency), one.sending.receipts_from))
    receipts = {"outcomes": dict(one.outcomes), "rejected": dict(one.rejected), "waiting": one.waiting}
    times = {"at": to_text(one.sending.at), "edition": to_text(one.sending.edition)}
    editions = {"series": one.sending.of_series, "withdrawn": len(one.sending.withdrawn)}
    return {**sent, **times, **editions, "receipts_after": after, "receipts": receipts}
