"""A stack of the demo's own: emptied, started, and gone when whoever started it is, however that ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from deploy.local.detached import UP_WITHIN_S
from deploy.local.home import OURS, Home
from deploy.local.process import Process
from deploy.local.stack import ADDRESSES, STOP_WITHIN_S
from schemas.errors import Fatal, Refused


@contextmanager
def own_stack(home: Home, said: Callable[[str], None]) -> Iterator[None]:
    """Empty ``home``, start a stack in it whose clock is off, and stop it at the end; ``said`` is handed what the stack says.

    Within it SIGTERM and `mekong down` are like Ctrl-C, another SIGTERM kills, and Fatal is raised as soon as the stack ends by
    itself. Killed with -9 we leave nothing behind: the kernel ends the stack's supervisor with us, and everything else with that
    (deploy/local/tether.py).
    Raises Refused when a stack runs in ``home``, or the environment names another deployment. Call it from the main thread.
    """
    foreign = [f"MEKONG_{name}" for name in ADDRESSES if os.environ.get(f"MEKONG_{name}")]
    if foreign:
        raise Refused(f"{', '.join(foreign)} is set, and the demo has a stack of its own. Unset it first.")
    if (running := home.supervisor()) is not None:
        raise Refused(f"A demo runs already (process {running}, in {home.folder}). Stop it with Ctrl-C in its terminal.")
    home.forget(*OURS)
    home.make()
    log = home.logs / "supervisor.log"
    command = [sys.executable, "-P", "-m", "deploy.cli", "up", "--clock", "off"]
    stack = Process(command, log, env={**os.environ, "MEKONG_HOME": str(home.folder)})
    with _signals(stack, home):
        try:
            _wait(home, stack, said)
            yield
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # from here on its end is what we want
            stack.stop(STOP_WITHIN_S)


def _wait(home: Home, stack: Process, said: Callable[[str], None]) -> None:
    """Until the stack is up; its end is seen by the signal handler."""
    deadline = time.monotonic() + UP_WITHIN_S
    with stack.log.open(encoding="utf-8") as lines:
        while True:
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
def _signals(stack: Process, home: Home) -> Iterator[None]:
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        interrupts.append(number)
        if len(interrupts) > 1:
            stack.kill()
        raise KeyboardInterrupt

    def child_changed(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if stack.exit_code == 0:  # `mekong down` in its folder: like Ctrl-C here
            raise KeyboardInterrupt
        if stack.exit_code is not None:
            raise Fatal(f"The stack ended by itself. What each process said is in {home.logs}; its last words:\n{stack.last_words()}")

    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: interrupt, signal.SIGCHLD: child_changed}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        child_changed(0, None)  # it may have ended before we listened
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
