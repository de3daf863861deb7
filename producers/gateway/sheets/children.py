"""Runs work on sheets in child processes with limits, so that a hostile sheet neither fills the memory nor stops the gateway.

One child is started before it is needed, because starting takes longer than reading a sheet. Each child reads one sheet and ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from mekong.producers.gateway.problem import LATER_S, Problem, later
from mekong.producers.gateway.sheets.child import DONE, FAILED, TOO_MUCH, UNREADABLE, WORKS
from mekong.producers.sheets.refused import Unreadable
from mekong.schemas.rejected import Reason

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2
"""Sheets that one gateway reads at the same time."""
WITHIN_S = 90
"""A child that has not answered by then is killed."""
_MODULE = "mekong.producers.gateway.sheets.child"
_OURS = "MEKONG_"
_LIMITS = frozenset({-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGABRT})
"""How a child ends that needs too much: the kernel kills it, or a library in C aborts it."""
_TOO_MUCH = "Reading the sheet needs more memory or time than one sheet may have. Send it in parts, a month each."
_FAILED = "The gateway could not read the sheet; its log says why. Nothing was sent. Send the sheet again later."

T = TypeVar("T")


class Children:
    """The child processes of one gateway. Used on one event loop at a time."""

    def __init__(self, modules: tuple[str, ...] = ()) -> None:
        """``modules``: what the work needs besides its own code; a child imports it before it is needed."""
        self._modules = modules
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._asking = ThreadPoolExecutor(MOST_AT_ONCE, "sheets")
        self._spare: subprocess.Popen[bytes] | None = None
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    async def run(self, agency: str, work: Callable[..., T], *args: object) -> T:
        """The result of one of ``WORKS`` for an agency.

        Raises Unreadable as the work does; Problem: 413 when it needs too much, 429 while another sheet of the agency is read, 503 while
        the gateway reads as many sheets as it can, and when the child ended for another reason.
        """
        if agency in self._busy:
            raise later(429, "Another sheet of your agency is being read. Wait for its answer.", 2)
        if len(self._busy) >= MOST_AT_ONCE:
            raise later(503, "The gateway reads as many sheets as it can. Send the sheet again.", 2)
        given = pickle.dumps((WORKS.index(work), args))
        self._busy.add(agency)
        loop = asyncio.get_running_loop()
        asking = asyncio.ensure_future(loop.run_in_executor(self._asking, self._ask, given))
        asking.add_done_callback(lambda _: self._busy.discard(agency))  # also when nobody waits for it any more
        status, found = await asyncio.shield(asking)
        if status == DONE:
            return found  # type: ignore[no-any-return]
        if status == UNREADABLE:
            raise Unreadable(*found)
        if status == TOO_MUCH:
            raise Problem(413, _TOO_MUCH, reason=Reason.TOO_LARGE.value, field="file")
        log.error("a sheet of %s could not be read: %s", agency, found)
        raise later(503, _FAILED, LATER_S)

    def close(self) -> None:
        """End the child that waits, and those that still read: their requests have ended."""
        with self._lock:
            self._closed, spare, self._spare = True, self._spare, None
            for child in self._running:
                child.kill()
        if spare is not None:
            spare.kill()
            spare.communicate()

    def _ask(self, given: bytes) -> tuple[str, Any]:
        try:
            child = self._taken()
        except OSError as exc:
            return FAILED, f"no child could be started ({exc})"
        try:
            out, _ = child.communicate(given, timeout=WITHIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return TOO_MUCH, None
        finally:
            self._warm(child)
        if child.returncode == 0 and out:
            return pickle.loads(out)  # type: ignore[no-any-return]  # noqa: S301 - from our own child
        if child.returncode in _LIMITS and not self._closed:
            return TOO_MUCH, None
        return FAILED, f"its child ended with {child.returncode}"

    def _taken(self) -> subprocess.Popen[bytes]:
        """The child that waits, or a new one when it has ended meanwhile."""
        with self._lock:
            spare, self._spare = self._spare, None
            child = spare if spare is not None and spare.poll() is None else self._started()
            self._running.add(child)
            if self._closed:
                child.kill()
        return child

    def _warm(self, ended: subprocess.Popen[bytes]) -> None:
        with self._lock, suppress(OSError):
            self._running.discard(ended)
            if self._spare is None and not self._closed:
                self._spare = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        """A child without our settings, which may have passwords. ``-P``: no code is read from the working folder."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        pipe = subprocess.PIPE
        command = [sys.executable, "-P", "-m", _MODULE, *self._modules]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
