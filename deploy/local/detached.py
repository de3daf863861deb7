"""``mekong up --detach``: starts the supervisor in its own session and waits until its stack is up."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from mekong.deploy.local.home import Home
from mekong.deploy.local.process import opened
from mekong.deploy.local.stack import check
from mekong.schemas.errors import Fatal

UP_WITHIN_S = 600.0  # the first start fetches Kafka


def up_detached(home: Home, arguments: Sequence[str], said: Callable[[str], None]) -> None:
    """Run ``mekong up ARGUMENTS`` for ``home`` in the background, pass on its output, and return when the stack is up.

    Raises Refused when a stack already runs in ``home`` (its log is not changed), or as ``check`` does; Fatal with its last words when it
    ends first. When interrupted, it stops the stack.
    """
    if (running := home.supervisor()) is not None:
        raise home.taken(running)
    check()
    log = home.logs / "supervisor.log"
    home.make()
    with opened(log) as out:
        out.truncate(0)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "mekong.deploy.cli", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with log.open(encoding="utf-8") as lines:
            _wait(home, child, lines, said)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise


def _wait(home: Home, child: subprocess.Popen[bytes], lines: Iterable[str], said: Callable[[str], None]) -> None:
    deadline = time.monotonic() + UP_WITHIN_S
    while True:
        started = _is_up(home, child.pid)
        ended = child.poll() is not None
        for line in lines:  # what is new in its log
            said(line.rstrip("\n"))
        if started:
            return
        if ended:
            raise Fatal(f"The stack did not start. What each process said is in {home.logs}.")
        if time.monotonic() > deadline:
            child.terminate()
            raise Fatal(f"The stack is not up after {UP_WITHIN_S:.0f} s. What each process said is in {home.logs}.")
        time.sleep(0.05)


def _is_up(home: Home, pid: int) -> bool:
    """Whether the supervisor ``pid`` has its stack up."""
    found = home.processes()
    return bool(found.get("supervisor") == pid and found.get("started"))
