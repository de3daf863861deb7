"""A child process of ours: in a session of its own, its output in a log file, and never outliving us."""

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

    A session of its own keeps Ctrl-C of the terminal away from it: whoever started it stops it, in order.
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
        """Of the process, and of its group."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
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
        """Kill its group at once; the exit code. Does no harm to one that has ended."""
        if self._child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return self._child.wait()

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for the sentence that says why it ended."""
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
