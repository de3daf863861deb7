"""Answers ``GET /v1/codes/{list}`` and ``GET /v1/me``: the codes of a list with their labels, and who the token belongs to."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.state import State
from mekong.schemas.codes import LISTS, rows
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.topics import INCOMING
from mekong.schemas.wire import dump

_AN_HOUR = {"cache-control": "max-age=3600"}


async def codes(state: State, request: Request, caller: Caller) -> Response:  # noqa: ARG001 - the form of every answer
    """The codes of a list, in the order of the list. A label that a language does not have is in English. Raises Problem."""
    name, language = request.path_params["list"], request.query_params.get("lang", "en")
    if name not in LISTS:
        raise Problem(404, f"{name[:60]!r} is not a code list. The code lists are {', '.join(LISTS)}.")
    if language not in LANGUAGES:
        raise Problem(400, f"lang must be one of {', '.join(LANGUAGES)}.", field="lang")
    found = [
        {
            "code": entry.code,
            "label": entry.label(language),
            **({"valid_from": entry.valid_from} if entry.valid_from else {}),
            **({"valid_to": entry.valid_to} if entry.valid_to else {}),
        }
        for entry in rows(name)
    ]
    return Response(dump({"list": name, "lang": language, "codes": found}), media_type="application/json", headers=_AN_HOUR)


async def me(state: State, request: Request, caller: Caller) -> Response:  # noqa: ARG001
    """Who the token belongs to. A program tests its connection with this."""
    profile = caller.profile
    found = {"agency": profile.agency, "name": profile.name, "topic": INCOMING.of(profile.agency), "exchange": state.exchange}
    return Response(dump(found), media_type="application/json")
