"""Declares every operation of the HTTPS address once: the routes and the OpenAPI document are both made from this."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from mekong.producers.gateway import alerts, feed, lists, receipts
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.sheets import http
from mekong.producers.gateway.state import State
from mekong.schemas.codes import LISTS
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.tokens import Scope

_TEXT = {"type": "string"}
_BATCH = {"type": "string", "maxLength": 100}
_INSTANT = {"type": "string", "format": "date-time"}


class Parameter(NamedTuple):
    """One parameter of an operation."""

    name: str
    place: str
    """``query``, ``header`` or ``path``."""
    schema: Mapping[str, Any]
    text: str


class Operation(NamedTuple):
    """One operation."""

    method: str
    path: str
    name: str
    scope: Scope | None
    """What the token must be for; None: any token."""
    answer: Callable[[State, Request, Caller], Awaitable[Response]]
    summary: str
    text: str
    status: int
    gives: str
    """The schema of the answer."""
    parameters: tuple[Parameter, ...] = ()
    has_body: bool = False
    form: Literal["", "too", "only"] = ""
    """Whether the body may be a form with a sheet, too or only."""
    of_sheet: str = ""
    """The schema of the answer to a sheet, when it is another one."""
    gives_workbook: bool = False
    """Whether the answer may also be a marked sheet (.xlsx)."""
    is_stream: bool = False
    """Whether the answer may also be server-sent events."""
    refusals: tuple[int, ...] = (401, 403, 503)


_SENDING = (400, 401, 403, 408, 413, 415, 422, 429, 503)
_NAMED = (
    Parameter("batch", "query", _BATCH, "A name for this sending in the exchange's records. Not with a sheet (400)."),
    Parameter(
        "edition",
        "query",
        _INSTANT,
        "When the sheet was made that the messages are from. It orders versions. Not with a form that has a sheet (400): its edition is the"
        " time when it was first sent.",
    ),
)
_AFTER = (
    Parameter("after", "query", _TEXT, "The `next` of the last answer, or `now`. Without it: from the first one that is kept."),
    Parameter("wait", "query", {"type": "integer", "minimum": 0, "maximum": 50}, "Seconds to wait when there is none."),
    Parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000}, "At most so many."),
)
_LANG = Parameter(
    "lang",
    "query",
    {"type": "string", "enum": list(LANGUAGES)},
    "The language of the marks on a sheet. Without it: that of the template, or English. An answer in JSON is in English.",
)
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/v1/messages",
        "sendMessages",
        "send",
        http.post,
        "Send one message, or many.",
        "202 means that the exchange has stored every message that has an id in the answer. Each of them gets exactly one receipt, whose"
        " source_topic and source_offset are the two parts of the id. A line that is refused costs no other line.",
        202,
        "Sent",
        (
            *_NAMED,
            Parameter(
                "Idempotency-Key",
                "header",
                {"type": "string", "pattern": "^[!-~]{1,100}$"},
                "Names this request. When the answer did not arrive, send the same request with the same key: what is stored is not"
                " stored again, and the ids are the same. A key is known for 24 hours.",
            ),
        ),
        has_body=True,
        form="too",
        of_sheet="SentSheet",
        refusals=(*_SENDING, 409),
    ),
    Operation(
        "POST",
        "/v1/check",
        "checkMessages",
        "send",
        http.check,
        "Check messages without sending them.",
        "The same checks as the exchange makes, except those that need the cases it has stored. Nothing is sent and nothing is stored.",
        200,
        "Checked",
        (*_NAMED, _LANG),
        has_body=True,
        form="too",
        of_sheet="CheckedSheet",
        gives_workbook=True,
        refusals=_SENDING,
    ),
    Operation(
        "GET",
        "/v1/sendings",
        "readSendings",
        "read",
        http.history,
        "Read which sheets were sent.",
        "The newest first, with the rows that were not sent and what the receipts say. The last 1,000 sheets of an agency are kept: their"
        " hash, and no text of them.",
        200,
        "Sendings",
        (
            Parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 100}, "At most so many sendings."),
            Parameter("before", "query", _TEXT, "The id of the last sending of the answer before."),
        ),
        refusals=(400, 401, 403, 429, 503),
    ),
    Operation(
        "POST",
        "/v1/sendings/{id}/marked",
        "markSheetAgain",
        "read",
        http.marked,
        "Get a sheet again, with its receipts.",
        "The exchange keeps no sheet: send the same file, with the same layout. It comes back as a workbook with a receipt at each row.",
        200,
        "",
        (Parameter("id", "path", {"type": "string", "pattern": "^[0-9a-f]{16}$"}, "The id of the sending."), _LANG),
        has_body=True,
        form="only",
        gives_workbook=True,
        refusals=(*_SENDING, 404, 409),
    ),
    Operation(
        "GET",
        "/v1/receipts",
        "readReceipts",
        "read",
        receipts.get,
        "Read the receipts after a place.",
        "Store `next` together with the receipts, and give it as `after` the next time: no receipt is missed and none comes twice. With"
        " Accept: text/event-stream the receipts come as server-sent events, each with its place as its id.",
        200,
        "Receipts",
        (*_AFTER,),
        is_stream=True,
        refusals=(400, 401, 403, 429, 503),
    ),
    Operation(
        "GET",
        "/v1/alerts",
        "readAlerts",
        "read",
        alerts.get,
        "Read the alerts and warnings after a place.",
        "What the agency may see: the records of its own topic, in the order in which they were shared. A record of the kind `hour` says"
        " that time has passed; the first one of a week may have `feed`: how the agency's own feed was until then. Store `next` and give it"
        " as `after` the next time.",
        200,
        "Alerts",
        _AFTER,
        refusals=(400, 401, 403, 429, 503),
    ),
    Operation(
        "GET",
        "/v1/feed",
        "readFeed",
        "read",
        feed.get,
        "Read how your feed is.",
        "Compares the last 7 days with the 28 days before, and the silence with the habit of the agency: the rejected part, codes that keep"
        " failing with the code that was probably meant, and the days from the seizure to the report. At most a minute old.",
        200,
        "Feed",
        refusals=(401, 403, 429, 503),
    ),
    Operation(
        "GET",
        "/v1/codes/{list}",
        "readCodes",
        None,
        lists.codes,
        "Read a code list.",
        "Every code with its label. A label that is not translated is in English.",
        200,
        "Codes",
        (
            Parameter("list", "path", {"type": "string", "enum": list(LISTS)}, "The name of the list."),
            Parameter("lang", "query", {"type": "string", "enum": list(LANGUAGES)}, "The language of the labels."),
        ),
        refusals=(400, 401, 403, 404, 503),
    ),
    Operation("GET", "/v1/me", "readMe", None, lists.me, "See whose token it is.", "A test of the connection and of the token.", 200, "Me"),
)
