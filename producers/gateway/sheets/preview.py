"""Shows with a check what a sheet would withdraw as a later edition of a series. Nothing is sent. Raises Problem."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mekong.producers.gateway.sheets import complete, desk, earlier, editions
from mekong.producers.gateway.sheets.complete import Choice, Leaving
from mekong.producers.gateway.sheets.earlier import Before
from mekong.producers.gateway.sheets.numbers import Marks, written_months
from mekong.producers.gateway.state import State
from mekong.schemas.sendings import Sending
from mekong.schemas.times import from_ms


class Proposal(NamedTuple):
    """What the page asks about a sheet that is probably the later edition of another one."""

    sending: Sending
    """The sheet of which it is a later edition."""
    before: Sending
    """The edition before it."""
    all: tuple[str, ...]
    """Cases that it no longer has."""
    of_months: tuple[str, ...]
    """Those of the months that are in it; empty when they are the same, or when their months are not known."""
    months: tuple[str, ...]
    """The months that are in it."""


async def leaving(state: State, agency: str, digest: str, marks: Marks, choice: Choice) -> Leaving:
    """What a complete sheet would withdraw, and what would be asked before."""
    known, at = await _known(state, agency, digest)
    series = complete.series_of(choice, known)
    return complete.leaving(known, await earlier.before(state, known, series, at), marks, choice, at, series)


async def stay(state: State, agency: str, digest: str, marks: Marks, choice: Choice) -> tuple[str, ...]:
    """Sentences about the cases that stay counted, because the sender has not said that the sheet is complete."""
    known, at = await _known(state, agency, digest)
    before = await earlier.before(state, known, complete.series_of(choice, known), at)
    return tuple(complete.stay(before, marks))


async def proposal(state: State, agency: str, digest: str, marks: Marks) -> Proposal | None:
    """The earlier sheet whose later edition this one probably is, and which of its cases are not in this one."""
    known, at = await _known(state, agency, digest)
    found = await asyncio.to_thread(earlier.proposed, known, digest, marks)
    if found is None or earlier.is_older(known, found.of_series, at):
        return None
    before = await earlier.before(state, known, found.of_series, at)
    if before.sending is None:
        return None
    done = {case for one in known if one.digest == digest and one.state == "sent" for case in one.withdrawn}
    gone, of_months = (_left(before, marks, scope, done) for scope in ("file", "month"))
    return Proposal(found, before.sending, gone, of_months if len(of_months) < len(gone) else (), written_months(marks))


def _left(before: Before, marks: Marks, scope: complete.Scope, done: set[str]) -> tuple[str, ...]:
    months = [one for one in before.cases if scope == "file" or one.month is not None]
    return tuple(
        one.case_no
        for one in complete.missing(before._replace(cases=tuple(months)), marks, scope)
        if not (one.is_numbered or one.case_no in done)
    )


async def _known(state: State, agency: str, digest: str) -> tuple[Sequence[Sending], datetime]:
    """The earlier sheets, and the time that the edition has or would have now."""
    known = (await asyncio.to_thread(state.history.sendings)).of(agency)
    return known, editions.time_of(known, digest, from_ms(desk.now_ms()))
