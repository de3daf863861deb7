"""Reads a form of the page in memory: its texts, a sheet and a layout. Nothing is written to a disk, and the file's name is dropped."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from mekong.producers.gateway import body, quota
from mekong.producers.gateway.parts import is_form, parts_of
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.state import State

_MOST_TEXTS = 1_000
_MOST_PARTS = 500
"""Of a form with a sheet: a new layout has three for each column."""
_FILES = ("sheet", "layout")
_MOST_TEXT_BYTES = 400_000
_SMALL = 10_000
"""Bytes of a form of a person who has not entered."""


class Form(NamedTuple):
    """A form that was sent."""

    texts: dict[str, str]
    file: bytes | None
    """The sheet."""
    layout: bytes | None = None
    """A layout that a person has saved before."""

    def __repr__(self) -> str:
        return f"Form({', '.join(self.texts)})"  # the texts may have a token or the code of a link


async def small(request: Request) -> Form:
    """A form without a file, of anybody. Raises Problem."""
    size = 0

    def hold(more: int) -> None:
        nonlocal size
        size += more
        if size > _SMALL:
            raise Problem(413, "The form is too long.")

    return _parsed(request, await body.read(request, hold))


async def read(state: State, request: Request, caller: Caller, *, is_sheet: bool = False) -> Form:
    """A form of an agency, within its quota. ``is_sheet``: a sheet in it is charged where it is read. Raises Problem."""
    with state.quotas.sending(caller.agency, time.monotonic()) as left, quota.held(left) as hold:
        raw = await body.read(request, hold)
        try:
            found = _parsed(request, raw)
        except Problem:
            left.charge(1, len(raw))
            raise
        if not (is_sheet and found.file):
            left.charge(1, len(raw))
        _check_agency(found, caller)
        return found


def _check_agency(given: Form, caller: Caller) -> None:
    """Raises Problem (409) when the page was opened for another agency than the one that the browser now has the ticket of."""
    if given.texts.get("agency", caller.agency) != caller.agency:
        now = f"you have entered for {caller.agency} since"
        raise Problem(409, f"This page is of another agency, and {now}. Nothing was done. Load the page again.")


def _parsed(request: Request, raw: bytes) -> Form:
    kind = request.headers.get("content-type", "")
    try:
        if not is_form(kind):
            return Form(_bounded(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_TEXTS)), None)
        parts = parts_of(raw, kind, _MOST_PARTS)
        files = {name: data or None for name, data in parts if name in _FILES}
        texts = _bounded((name, data.decode()) for name, data in parts if name not in _FILES)
        return Form(texts, files.get("sheet"), files.get("layout"))
    except ValueError as exc:
        raise Problem(400, "The form cannot be read.") from exc


def _bounded(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Raises ValueError for a text without a name, and for one that is too long."""
    found = dict(texts)
    if "" in found or any(len(text.encode()) > _MOST_TEXT_BYTES for text in found.values()):
        raise ValueError
    return found
