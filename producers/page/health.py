"""Answers how the feed of an agency is: what ``GET /v1/feed`` says, in the language of the page."""

from __future__ import annotations

from starlette.responses import Response

from mekong.producers.gateway.feed import MOST_RECEIPTS
from mekong.producers.page.visit import Visit
from mekong.schemas.feed import FeedHealth
from mekong.schemas.feed_words import feed_lines
from mekong.schemas.said import label, said


async def health(found: Visit) -> Response:
    """The health of the feed, at most a minute old. Raises Problem."""
    assert found.caller  # noqa: S101 - the route lets nobody else in
    agency = found.caller.agency
    with found.state.quotas.waiting(agency):
        answer = await found.state.feeds.health(agency)
    known = FeedHealth.model_validate({name: value for name, value in answer.items() if name in FeedHealth.model_fields})
    failing = [
        one.model_copy(update={"field": label(one.field, found.language), "detail": said(one.detail, found.language).text})
        for one in known.failing
    ]
    lines = list(feed_lines(known.model_copy(update={"failing": failing}), found.language, on_page=True))
    return found.page("health", health=known, lines=lines, newest=MOST_RECEIPTS if answer["is_partial"] else 0)
