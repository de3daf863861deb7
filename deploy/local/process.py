"""Starts and stops a child process. It has its own session, writes to a log file, and ends when its parent ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TETHER = Path(__file__).with_name("tether.py")


class Process:
    """A started child. Start it from the main thread: the kernel ties it to the thread that started it.

    In its own session it does not receive Ctrl-C of the terminal. The process that started it stops it in the right order.
    """

    def __init__(self, command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        with opened(log) as out:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        self.log = log

    @property
    def pid(self) -> int:
        """The id of the process, and of its group."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code. None while the process runs; a negative number is the signal that ended it."""
        return self._child.poll()

    def send(self, sig: signal.Signals) -> None:
        """Send a signal to the process itself."""
        with suppress(ProcessLookupError):
            self._child.send_signal(sig)

    def stop(self, within_s: float = 20.0, sig: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end by ``sig``, kill its group when it has not within ``within_s`` seconds; the exit code."""
        self.send(sig)
        self.send(signal.SIGCONT)  # a stopped one hears nothing
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(within_s)
        return self.kill()

    def kill(self) -> int:
        """Kill the process's group at once and return the exit code. A process that has ended is not harmed."""
        if self._child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return self._child.wait()

    def last_words(self, lines: int = 5) -> str:
        """The last lines of its log, for the sentence that reports why it ended."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8_192))
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-lines:])


@contextmanager
def opened(log: Path) -> Iterator[BinaryIO]:
    """A log file to append to, readable by its owner only."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as out:
        log.chmod(0o600)
        yield out
