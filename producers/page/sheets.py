"""Answers what a person does with a sheet: check it, send it, get it back with marks, see its receipts and what was sent before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from starlette.responses import Response

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.sheets import desk, past, preview, sending
from mekong.producers.gateway.sheets.complete import Choice
from mekong.producers.gateway.sheets.form import choice_of
from mekong.producers.gateway.sheets.numbers import Marks
from mekong.producers.gateway.sheets.preview import Proposal
from mekong.producers.gateway.sheets.proposing import Looked
from mekong.producers.gateway.sheets.upload import Upload
from mekong.producers.page import form
from mekong.producers.page.form import Form
from mekong.producers.page.layouts import NOT_SENT, labels, layout_text
from mekong.producers.page.visit import HEADERS, Visit, shown
from mekong.producers.resume_point import ResumePoint, read_resume_point
from mekong.producers.sheets.marked import Marked
from mekong.schemas.codes import rows
from mekong.schemas.errors import Refused
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.sheet_words import RESULTS
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import decode, dump

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_SHOWN = 50
"""Findings on the page; the marked sheet has all."""
_MOST_RECEIPTS = 200
_UNREADABLE = 422
HISTORY = 20
"""Sendings on one page."""
_TAGS = {Outcome.REJECTED: "bad", Outcome.STALE: "look", Outcome.DUPLICATE: "look"}
TAGS = {one.value: _TAGS.get(one, "good") for one in Outcome}


async def check(found: Visit) -> Response:
    """What would become of a sheet. Nothing is sent."""
    caller, given = await _given(found)
    upload = _upload(given)
    try:
        is_more = bool(upload.layout_text)
        upload, looked = await _looked(found, caller.agency, upload, is_carried="carried" in given.texts)
        checked = await desk.check(found.state, caller.profile, upload, is_more=is_more)
    except Problem as exc:
        if exc.more.get("reason") == Reason.MISSING_COLUMN.value and not upload.layout_text:
            return await _proposed(found, caller, upload, is_more=True)
        raise
    ready = sum(checked.counts.get(result, 0) for result in ("good", "notice", "question"))
    offer = await _offered(found, caller, upload, checked.marks) if ready else None
    shown_findings, text = checked.findings[:MOST_SHOWN], upload.layout_text
    return found.page("checked", checked=checked, ready=ready, shown=shown_findings, looked=looked, layout_text=text, offer=offer)


async def _offered(found: Visit, caller: Caller, upload: Upload, marks: Marks) -> Proposal | None:
    """What may be withdrawn, when an earlier sheet is known. Without the right to read, or without the broker, nothing is offered."""
    with suppress(Problem):
        may_read(found)
        with found.state.quotas.waiting(caller.agency):
            return await preview.proposal(found.state, caller.agency, upload.digest, marks)
    return None


async def _looked(found: Visit, agency: str, upload: Upload, *, is_carried: bool) -> tuple[Upload, Looked | None]:
    """The first cases, by an own layout. The layout of the sheet before this one, carried by the page, is dropped when it does not fit."""
    if not upload.layout_text:
        return upload, None
    try:
        return upload, await desk.look(found.state, agency, upload)
    except Problem as exc:
        if not is_carried or exc.status != _UNREADABLE:
            raise
        return replace(upload, layout_text=""), None


async def propose(found: Visit) -> Response:
    """For a sheet that no layout knows: each column with the field that it may be."""
    caller, given = await _given(found)
    return await _proposed(found, caller, _upload(given))


async def save(found: Visit) -> Response:
    """The layout as a file, for the next sheet."""
    assert found.caller  # noqa: S101 - the route lets nobody else in
    given = await form.read(found.state, found.request, found.caller)
    named = {"content-disposition": 'attachment; filename="layout.toml"'}
    return Response(layout_text(given.texts, None), media_type="text/plain", headers={**HEADERS, **named})


async def _proposed(found: Visit, caller: Caller, upload: Upload, *, is_more: bool = False) -> Response:
    guess = await desk.guess(found.state, caller.agency, upload, is_more=is_more)
    lists = {name: [(one.code, one.label(found.language)) for one in rows(name)] for name in ("commodity_groups", "units")}
    return found.page("layout", guess=guess, labels=labels(found.language), lists=lists, not_sent=NOT_SENT)


async def send(found: Visit) -> Response:
    """The good cases of a sheet are sent; a person first answers what must be asked."""
    _, given = await _given(found)
    upload, choice = _upload(given), choice_of(given.texts)
    if choice.complete:
        may_read(found)
    else:
        choice = Choice()  # the page has proposed the series, and the person has not said that the sheet is an edition of it
    try:
        done = await sending.send(found.state, lambda: still(found), upload, given.texts.get("accept", ""), choice)
    except Problem as exc:
        if "questions" not in exc.more:
            raise
        asked = {"withdraws": None, "choice": choice, "layout_text": upload.layout_text, **exc.more}
        return found.page("asked", 200 if found.is_part else exc.status, **asked)
    words = dump({"outcomes": _results(found), "kinds": TAGS}).decode()
    ids = [*(one.id for one in done.entries if one.id), *(one.id for one in done.withdrawals)]
    stored = [one.rpartition("@")[2] for one in ids]
    refused = [one for one in done.entries if not one.id]
    shown_refused, text = refused[:MOST_SHOWN], upload.layout_text
    return found.page("sent", done=done, stored=stored, refused=shown_refused, words=words, layout_text=text)


async def marked(found: Visit) -> Response:
    """The sheet with the marks of its check; with the id of a sending, with the receipts next to its rows."""
    caller, given = await _given(found)
    upload, id_ = _upload(given), given.texts.get("id", "")
    if id_:
        return _workbook(await past.marked_again(found.state, caller.profile, id_, upload, found.language))
    checked = await desk.check(found.state, caller.profile, upload, mark=True, language=found.language)
    assert checked.marked  # noqa: S101 - it was asked for
    return _workbook(checked.marked)


async def history(found: Visit) -> Response:
    """What the agency has sent as sheets, the newest first."""
    assert found.caller  # noqa: S101 - the route lets nobody else in
    before = found.request.query_params.get("before", "")
    listed = await past.history(found.state, found.caller.agency, HISTORY, before)
    more = listed[-1].sending.id if len(listed) == HISTORY else ""
    return found.page("history", listed=listed, results=_results(found), tags=TAGS, more=more)


async def receipts(found: Visit) -> Response:
    """The receipts after a place, as a page that needs no script."""
    assert found.caller  # noqa: S101 - the route lets nobody else in
    topic = INCOMING.of(found.caller.agency)
    after = _place(found.caller, found.request.query_params.get("after", ""))
    with found.state.quotas.waiting(found.caller.agency):
        read = await found.state.mailroom.read(receipts_of(topic), after, _MOST_RECEIPTS, 0.0)
    came = [decode(raw, Receipt) for _, raw in read.receipts]
    more = str(ResumePoint(topic, read.next)) if len(came) == _MOST_RECEIPTS else ""
    return found.page(
        "receipts", receipts=came, results=_results(found), tags=TAGS, after=found.request.query_params.get("after", ""), more=more
    )


async def _given(found: Visit) -> tuple[Caller, Form]:
    assert found.caller  # noqa: S101 - the route lets nobody else in
    return found.caller, await form.read(found.state, found.request, found.caller, is_sheet=True)


def still(found: Visit) -> Caller:
    """Who sends now. Raises Problem: the token may have been revoked meanwhile."""
    return found.state.book.caller(shown(found.request), "send")


def may_read(found: Visit) -> None:
    """Raises Problem (403) for a token that may not see the case numbers of earlier sheets."""
    found.state.book.caller(shown(found.request), "read")


def _upload(given: Form) -> Upload:
    if not given.file:
        raise Problem(400, "Choose the sheet first.", field="file")
    return Upload(given.file, layout_text=layout_text(given.texts, given.layout))


def _results(found: Visit) -> dict[str, str]:
    return {name: words[found.language] for name, words in RESULTS.items()}


def _place(caller: Caller, text: str) -> int:
    try:
        return read_resume_point(text, INCOMING.of(caller.agency)).read
    except Refused as exc:
        raise Problem(400, f"{exc}", field="after") from exc


def _workbook(made: Marked) -> Response:
    named = {"content-disposition": f'attachment; filename="{"marked" if made.is_own else "rows-to-look-at"}.xlsx"'}
    return Response(made.data, media_type=XLSX, headers={**HEADERS, **named})
