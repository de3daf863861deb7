"""Reads who a person says to be: a short name that the person typed once. It does not prove who the person is. Pure."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from mekong.schemas.identifiers import likely_identifiers
from mekong.sinks.console.pages import HOME

WHO = "mekong-console-who"
"""The cookie. It ends with the browser."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,19}")
_BACK = re.compile(rf"{HOME}/alerts(/[0-9a-f-]{{36}})?")


def name_of(text: str) -> str:
    """The short name that a person typed: 2 to 20 letters a to z, digits and hyphens. Empty when it is not one."""
    name = text.strip().lower()
    return name if _NAME.fullmatch(name) and not likely_identifiers(name) else ""


def person_of(request: Request) -> str:
    """The short name of the person; empty when nobody has said it yet."""
    return name_of(request.cookies.get(WHO, ""))


def remember(answer: Response, name: str) -> None:
    """Keep the name in the browser."""
    answer.set_cookie(WHO, name, path=HOME, httponly=True, samesite="strict")


def back(text: str) -> str:
    """The page of triage to go back to."""
    return text if _BACK.fullmatch(text) else f"{HOME}/alerts"
