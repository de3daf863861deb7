"""Gives the pages about pairs of cases: the queue, and two cases side by side with the form that decides about them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mekong.schemas.decisions import Verdict, pair_of
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.identifiers import likely_identifiers
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.asker import Asker, Busy
from mekong.sinks.console.door import Door
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.pairs_read import Pair, Queue, read_pair, read_queue
from mekong.sinks.console.triage.person import name_of, person_of, remember
from mekong.sinks.console.visit import FORM_HEADERS, HEADERS, asked
from mekong.sinks.pairs import words
from mekong.sinks.pairs.deciding import Given, decision
from mekong.sinks.pairs.reading import MOST_CASES, stored_up_to
from mekong.sinks.pairs.weights import MODEL
from mekong.sinks.pairs.writing import DecisionWriter

PAIRS = f"{HOME}/pairs"
SHOWN, SHOWN_DECIDED = 50, 20
_WITHIN_S = 25
_STORED_WITHIN_S = 4.0
_LOOKS_EVERY_S = 0.2


class Pairs:
    """Answers the requests."""

    def __init__(self, settings: Settings, pages: Pages, door: Door) -> None:
        self._pages, self._door = pages, door
        self._asker = Asker(settings, "console-pairs", _WITHIN_S)
        self._writer = DecisionWriter(settings)

    def routes(self) -> list[Route]:
        """All routes."""
        guarded, pair = self._door.guarded, f"{PAIRS}/{{one}}/{{other}}"
        return [
            Route(PAIRS, guarded(self.queue)),
            Route(pair, guarded(self.pair)),
            Route(pair, guarded(self.decide), methods=["POST"]),
        ]

    def close(self) -> None:
        """Begin nothing more."""
        self._asker.close()

    async def queue(self, request: Request) -> Response:
        """The pairs that wait for a decision, and the newest decisions."""
        query = request.query_params
        since, until = _day(query.get("since", "")), _day(query.get("until", ""))
        try:
            found: Queue = await self._asker.ask(partial(read_queue, since=since, until=until))
        except Refused as exc:
            return self._page(request, "pairs", HTTPStatus.UNPROCESSABLE_ENTITY, queue=None, wrong=str(exc), since=since, until=until)
        except (Busy, Retriable, Fatal) as exc:
            return self._away(request, exc)
        return self._page(request, "pairs", queue=found, wrong="", since=found.within.first, until=found.within.last)

    async def pair(self, request: Request) -> Response:
        """Two cases side by side."""
        try:
            found = await self._read(request)
            is_stored = await self._is_stored(request.query_params.get("done", ""))
            found = await self._read(request) if is_stored else found
        except (Busy, Retriable, Fatal) as exc:
            return self._away(request, exc)
        if found is None:
            return self._page(request, "unknown", HTTPStatus.NOT_FOUND)
        return self._pair_page(request, found, is_stored=is_stored)

    async def decide(self, request: Request) -> Response:
        """Record what a person decided, and show the pair again."""
        given = await self._door.form(request)
        try:
            found = await self._read(request)
            if found is None:
                return self._page(request, "unknown", HTTPStatus.NOT_FOUND)
            kinds = () if given.get("sure") else likely_identifiers(given.get("reason", ""))
            if kinds:
                return self._pair_page(request, found, given=given, kinds=kinds)
            offset = await self._asker.ask(partial(self._record, found, given))
        except Refused as exc:
            return self._pair_page(request, found, given=given, wrong=str(exc)) if found else self._away(request, exc)
        except (Busy, Retriable, Fatal) as exc:
            return self._away(request, exc)
        answer = RedirectResponse(f"{PAIRS}/{found.first.event_id}/{found.second.event_id}?done={offset}", HTTPStatus.SEE_OTHER, HEADERS)
        if name := name_of(given["officer"]):
            remember(answer, name)
        return answer

    def _record(self, pair: Pair, given: Mapping[str, str], _: Database) -> int:
        """Write the decision; its offset. In the thread that asks. Raises Refused, Retriable."""
        what = Given(
            _verdict(given.get("verdict", "")),
            given.get("officer", ""),
            given.get("reason", ""),
            datetime.now(UTC),
            _id(given.get("seen", "")),
            given.get("form", "") or secrets.token_urlsafe(),
            round(pair.judged.probability, 4) if pair.judged else None,
        )
        return self._writer.write(decision(pair.first, pair.second, pair.history, what))

    async def _read(self, request: Request) -> Pair | None:
        one, other = (_id(request.path_params[name]) for name in ("one", "other"))
        if one is None or other is None or one == other:
            return None
        first, second = pair_of(one, other)
        return await self._asker.ask(partial(read_pair, first=first, second=second))

    async def _is_stored(self, done: str) -> bool | None:
        """Whether ClickHouse has the decision that was just written, after a short wait. None where none was."""
        if not done.isascii() or not done.isdigit() or len(done) > len(str(2**63)):
            return None
        deadline = asyncio.get_running_loop().time() + _STORED_WITHIN_S
        while await self._asker.ask(stored_up_to) < int(done):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_LOOKS_EVERY_S)
        return True

    def _pair_page(
        self,
        request: Request,
        found: Pair,
        *,
        given: Mapping[str, str] | None = None,
        kinds: Sequence[str] = (),
        wrong: str = "",
        is_stored: bool | None = None,
    ) -> Response:
        first = {"officer": person_of(request), "reason": ""}
        values = {"pair": found, "given": first | dict(given or {}), "kinds": kinds, "wrong": wrong, "token": self._door.key.form}
        status = HTTPStatus.UNPROCESSABLE_ENTITY if kinds or wrong else HTTPStatus.OK
        return self._page(request, "pair", status, **values, is_stored=is_stored, form=secrets.token_urlsafe(), verdicts=list(Verdict))

    def _away(self, request: Request, exc: Exception) -> Response:
        return self._page(request, "away", HTTPStatus.SERVICE_UNAVAILABLE, why=str(exc))

    def _page(self, request: Request, name: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
        wanted = asked(request)
        language = wanted.language
        more = {
            "p": words.texts(language),
            "said": partial(words.said, language=language),
            "sentence": partial(words.sentence, language=language),
            "times": partial(words.times, language=language),
            "chance": words.chance,
            "here": PAIRS,
            "model": MODEL,
            "most_cases": MOST_CASES,
            "shown": SHOWN,
            "shown_decided": SHOWN_DECIDED,
        }
        return self._door.answer(request, self._pages.page(name, wanted, **more | values), status, FORM_HEADERS)


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise Refused("Choose one of the buttons.") from None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
