"""Keeps programs running: it starts each one again when it ends, and stops all of them in order."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from mekong.deploy.local.process import Process
from mekong.deploy.local.program import Program
from mekong.schemas.errors import Fatal
from mekong.schemas.times import to_text

State = Literal["starting", "up", "waiting", "stopped"]
SHORTEST_S, LONGEST_S = 0.5, 30.0
SETTLED_S = 60.0
"""After a process ran this long, its next restart waits for the shortest time again."""
LOG_BYTES = 20 << 20


class Status(NamedTuple):
    """One process, as ``mekong status`` shows it."""

    name: str
    pid: int | None
    state: State
    restarts: int
    since: str
    """When the process entered this state."""
    log: str
    why: str = ""
    """The last thing that went wrong."""


class Supervised:
    """One program, kept running. ``look`` does what is due; nothing here waits."""

    def __init__(self, program: Program, logs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.program = program
        self.state: State = "stopped"
        self.restarts = 0
        self.why = ""
        self._log = logs / f"{program.name}.log"
        self._clock = clock
        self._process: Process | None = None
        self._since = to_text(datetime.now(UTC))
        self._started_at = 0.0
        self._log_from = 0
        self._start_at = 0.0
        self._pause_s = SHORTEST_S
        self._is_held = False

    @property
    def status(self) -> Status:
        """The status now."""
        pid = self._process.pid if self._process and self.state in ("starting", "up") else None
        return Status(self.program.name, pid, self.state, self.restarts, self._since, str(self._log), self.why)

    def start(self) -> None:
        """Start it now."""
        self._put_log_aside()
        self._log_from = self._log.stat().st_size if self._log.exists() else 0
        self._process = Process(self.program.command(), self._log, env=self.program.environment(), cwd=self.program.folder)
        self._started_at = self._clock()
        self._become("starting")

    def look(self, *, is_held: bool = False) -> bool:
        """Do what is due: record its end, start it again, check whether it is ready. Returns whether anything changed.

        A held process is asked to end, and is not started again.
        """
        before = self.state
        if is_held and not self._is_held:
            self.ask_to_end()
        self._is_held = is_held
        self._put_log_aside()
        if self.state in ("starting", "up") and self._process:
            if (code := self._process.exit_code) is not None:
                self._ended(code)
            elif self.state == "starting":
                self._look_whether_ready(self._process)
        elif self.state == "waiting" and self._clock() >= self._start_at and not is_held:
            self.restarts += 1
            self.start()
        return self.state != before

    def ask_to_end(self) -> None:
        """Ask it to end; ``stop`` waits for it."""
        if self._process and self._process.exit_code is None:
            self._process.send(self.program.stop_signal)
            self._process.send(signal.SIGCONT)

    def stop(self, within_s: float | None = None) -> None:
        """Stop the process and do not start it again."""
        if self._process:
            within_s = self.program.stop_within_s if within_s is None else within_s
            self.program.stopped(self._process.stop(within_s, self.program.stop_signal))
        self._process = None
        self._become("stopped")

    def last_words(self) -> str:
        """The last lines of the process's log."""
        return self._process.last_words(8) if self._process else ""

    def _look_whether_ready(self, process: Process) -> None:
        try:
            if self.program.is_ready(self._said(), self._clock() - self._started_at):
                self._become("up")
        except Fatal as exc:  # another answers in its place
            process.kill()
            self._ended(-signal.SIGKILL, str(exc))

    def _ended(self, code: int, why: str = "") -> None:
        alive_s = self._clock() - self._started_at
        self._pause_s = SHORTEST_S if alive_s >= SETTLED_S else min(self._pause_s * 2, LONGEST_S)
        self._start_at = self._clock() + (0.1 if code == 0 else self._pause_s)
        if code:
            self.why = (
                why
                or (f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}")
                + f" at {to_text(datetime.now(UTC))}"
            )
        self.program.stopped(code)
        self._become("waiting")

    def _put_log_aside(self) -> None:
        """A log that has grown large becomes ``.log.1``. Its process appends to a file that it has open: that one is emptied."""
        with suppress(OSError):  # it is not there, or the disk is full: no reason to end anything
            if self._log.stat().st_size > LOG_BYTES:
                shutil.copy(self._log, self._log.with_suffix(".log.1"))
                os.truncate(self._log, 0)
                self._log_from = 0

    def _said(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_from)
            return log.read(65_536).decode("utf-8", "replace")

    def _become(self, state: State) -> None:
        self.state = state
        self._since = to_text(datetime.now(UTC))


class Supervisor:
    """All programs of a stack."""

    def __init__(self, logs: Path, changed: Callable[[list[Status]], None], held: Callable[[], str | None] = lambda: None) -> None:
        """``held`` names the program that is to be stopped for now, if any."""
        self._logs = logs
        self._changed = changed
        self._held = held
        self._all: list[Supervised] = []
        self.is_asked_to_end = False
        """Set by a signal. ``start`` and ``watch`` raise KeyboardInterrupt then."""

    @property
    def statuses(self) -> list[Status]:
        """The status of every program, in the order of their start."""
        return [one.status for one in self._all]

    def start(self, programs: Iterable[Program], within_s: float, *, patient: bool = False) -> list[Status]:
        """Start programs at the same time and wait until they are ready. Returns those that are not ready in time.

        Raises Fatal when one ends first, or is not ready in time. With ``patient`` it may end, is started again, and may be late. A
        program that refuses waits for a person, and a held one waits for a rebuild: neither is a reason to end the others.
        """
        self._heed()
        new = [Supervised(program, self._logs) for program in programs]
        self._all += new
        for one in new:
            one.program.prepare()
            one.start()
        self._changed(self.statuses)
        deadline = time.monotonic() + within_s
        while late := [one for one in new if one.state != "up"]:
            self._heed()
            self.look()
            is_over = time.monotonic() > deadline
            if patient and is_over:
                return [one.status for one in late if one.state != "up"]
            for one in late:
                if (one.state == "waiting" and not patient) or is_over:
                    raise Fatal(f"{one.program.name} is not up: {one.why or 'it takes too long'}. Its last words:\n{one.last_words()}")
            time.sleep(0.05)
        return []

    def look(self) -> None:
        """Do what is due of every program, and report when anything changed."""
        held = self._held()
        changed = [one for one in self._all if one.look(is_held=one.program.name == held)]
        if changed:
            self._changed(self.statuses)

    def watch(self, every_s: float = 0.2) -> None:
        """Keep all of them running until interrupted."""
        while True:
            self._heed()
            self.look()
            time.sleep(every_s)

    def _heed(self) -> None:
        if self.is_asked_to_end:
            raise KeyboardInterrupt

    def stop(self, last: Sequence[str]) -> None:
        """Stop all of them: side by side, but those named in ``last`` one after the other when the rest has ended."""
        order = [one for one in self._all if one.program.name not in last]
        for one in order:
            one.ask_to_end()
        for name in last:
            order += [one for one in self._all if one.program.name == name]
        for one in order:
            one.stop()
            self._changed(self.statuses)

    def kill(self) -> None:
        """End all of them at once."""
        for one in self._all:
            one.stop(0)
