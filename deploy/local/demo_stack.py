"""Runs a stack for the demo: it empties and starts the stack, and ends it when the process that started it ends in any way."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mekong.deploy.local.detached import UP_WITHIN_S
from mekong.deploy.local.home import OURS, Home
from mekong.deploy.local.process import Process
from mekong.deploy.local.stack import ADDRESSES, STOP_WITHIN_S
from mekong.schemas.errors import Fatal, Refused


@contextmanager
def own_stack(home: Home, said: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Empty ``home``, start a stack in it whose clock is off, and stop the stack at the end. ``said`` receives the stack's output.

    Inside the block, SIGTERM and `mekong down` work like Ctrl-C, another SIGTERM kills, and Fatal is raised as soon as the stack ends by
    itself. Gives a function to call now and then: Python drops an exception that a signal raises inside a destructor or a callback of
    C code, and the function raises it again. Nothing is left after ``kill -9``: the kernel ends the supervisor together with this
    process, and all others with the supervisor (deploy/local/tether.py). Raises Refused when a stack runs in ``home``, or the
    environment names another deployment. Call it from the main thread.
    """
    foreign = [f"MEKONG_{name}" for name in ADDRESSES if os.environ.get(f"MEKONG_{name}")]
    if foreign:
        raise Refused(f"{', '.join(foreign)} is set, and the demo has a stack of its own. Unset it first.")
    if (running := home.supervisor()) is not None:
        raise Refused(f"A demo runs already (process {running}, in {home.folder}). Stop it with Ctrl-C in its terminal.")
    home.forget(*OURS)
    home.make()
    log = home.logs / "supervisor.log"
    command = [sys.executable, "-P", "-m", "mekong.deploy.cli", "up", "--clock", "off"]
    stack = Process(command, log, env={**os.environ, "MEKONG_HOME": str(home.folder)})
    with _signals(stack, home) as heed:
        try:
            _wait(home, stack, said, heed)
            yield heed
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # from here on its end is intended
            stack.stop(STOP_WITHIN_S)


def _wait(home: Home, stack: Process, said: Callable[[str], None], heed: Callable[[], None]) -> None:
    """Wait until the stack is up."""
    deadline = time.monotonic() + UP_WITHIN_S
    with stack.log.open(encoding="utf-8") as lines:
        while True:
            heed()
            found = home.processes()
            started = found.get("supervisor") == stack.pid and found.get("started")
            for line in lines:
                said(line.rstrip("\n"))
            if started:
                return
            if time.monotonic() > deadline:
                raise Fatal(f"The stack is not up after {UP_WITHIN_S:.0f} s. What each process said is in {home.logs}.")
            time.sleep(0.05)


@contextmanager
def _signals(stack: Process, home: Home) -> Iterator[Callable[[], None]]:
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        interrupts.append(number)
        if len(interrupts) > 1:
            stack.kill()
        raise KeyboardInterrupt

    def child_changed(number: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG001
        _look_at(stack, home)

    def heed() -> None:
        if interrupts:
            raise KeyboardInterrupt
        child_changed()

    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: interrupt, signal.SIGCHLD: child_changed}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield heed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _look_at(stack: Process, home: Home) -> None:
    """Raise when the stack has ended."""
    if stack.exit_code == 0:  # `mekong down` in its folder: like Ctrl-C here
        raise KeyboardInterrupt
    if stack.exit_code is not None:
        raise Fatal(f"The stack ended by itself. What each process said is in {home.logs}; its last words:\n{stack.last_words()}")
