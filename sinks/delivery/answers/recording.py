"""Reads the body of a form, and records its answer once. For the page behind a link, and for the live page.

Guarantee: ``record`` returns only after Kafka has acknowledged the answer. The same form sent again is the same answer: it is written once
while this process remembers it, later again under the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar
from uuid import UUID

from starlette.requests import ClientDisconnect, Request

from mekong.schemas.errors import Retriable
from mekong.schemas.subscriptions import Answer

log = logging.getLogger(__name__)

MOST_BYTES = 32_768
"""The largest form: 1,000 characters are at most 12,000 bytes in a form."""
MOST_WAITING = 32
"""Requests that wait for Kafka; more are sent away."""
WITHIN_S = 25.0
_REMEMBERED = 10_000
T = TypeVar("T")


class RecordsAnswers(Protocol):
    """See ``store.AnswerWriter``."""

    def record(self, answer: Answer) -> int: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Line:
    """Those who wait for Kafka. Used on one event loop."""

    def __init__(self) -> None:
        self._waiting = 0

    async def wait(self, executor: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        """What ``call`` returns in a thread. Raises Retriable when too many wait, or the time is over."""
        if self._waiting >= MOST_WAITING:
            raise Retriable("too many requests wait for Kafka")
        self._waiting += 1
        try:
            async with asyncio.timeout(WITHIN_S):
                return await asyncio.get_running_loop().run_in_executor(executor, call)
        except TimeoutError as exc:
            raise Retriable("Kafka did not answer in time") from exc
        finally:
            self._waiting -= 1


class Recorder:
    """Writes answers, one after the other, in a thread of its own. Used on one event loop."""

    def __init__(self, writer: RecordsAnswers, line: Line) -> None:
        self._writer, self._line = writer, line
        self._writing = ThreadPoolExecutor(1, "writer")
        self._recorded: OrderedDict[UUID, asyncio.Future[int]] = OrderedDict()

    async def record(self, answer: Answer) -> int:
        """Write the answer and return its offset, unless the same answer is written or being written.

        Then both requests wait for that one. Raises Retriable.
        """
        assert answer.answer_id is not None  # noqa: S101 - every form gives one
        known = self._recorded.get(answer.answer_id)
        if known is None:
            known = asyncio.ensure_future(self._line.wait(self._writing, lambda: self._writer.record(answer)))
            known.add_done_callback(lambda done: self._forget(answer.answer_id, done))
            self._recorded[answer.answer_id] = known
            if len(self._recorded) > _REMEMBERED:
                self._recorded.popitem(last=False)
        offset = await asyncio.shield(known)
        log.info("%s: %s of %s", answer.subscription, answer.kind.value, answer.notification_id or answer.alert_id)
        return offset

    def close(self) -> None:
        """Leave, as soon as what is under way has ended."""
        end(self._writing, self._writer.close)

    def _forget(self, answer_id: UUID | None, done: asyncio.Future[int]) -> None:
        """What failed may be tried again."""
        if answer_id and (done.cancelled() or done.exception() is not None):
            self._recorded.pop(answer_id, None)


def end(executor: ThreadPoolExecutor, closed: Callable[[], None]) -> None:
    """End a thread after what it does now, and then call ``closed`` in it."""
    executor.submit(closed)
    executor.shutdown(wait=True, cancel_futures=False)


async def body_of(request: Request) -> bytes | None:
    """The body of a form; None when it is too large, and then the rest is not read. Raises Retriable when it does not arrive."""
    found = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for part in request.stream():
                found += part
                if len(found) > MOST_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect) as exc:
        raise Retriable("a form did not arrive") from exc
    return bytes(found)
