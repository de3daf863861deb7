"""What the supervisor keeps running: the two servers, and the processes of a deployment."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_READY = re.compile(r"\bready\b")


class Program(Protocol):
    """One program of a stack. ``prepare`` is called once, ``command`` before each start."""

    @property
    def name(self) -> str:
        """Of its log, and in ``mekong status``."""

    @property
    def folder(self) -> Path:
        """Where it runs."""

    @property
    def stop_within_s(self) -> float:
        """How long it may take to end in order."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What asks it to end in order."""

    def prepare(self) -> None:
        """Make what it needs."""

    def command(self) -> list[str]:
        """The command line."""

    def environment(self) -> Mapping[str, str]:
        """The whole environment."""

    def is_ready(self, said: str, alive_s: float) -> bool:
        """Whether it does its work, given what this start of it has ``said`` so far and for how long it runs.

        Raises Fatal when it never will.
        """

    def stopped(self, exit_code: int) -> None:
        """Look at what an ended run left behind."""


@dataclass(frozen=True)
class Worker:
    """A process of the deployment: ready when it says so, or when it has run for a while."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    stop_within_s: float = 20.0
    stop_signal: signal.Signals = signal.SIGTERM
    silent_s: float = 5.0
    """One that never says ``ready`` is taken for ready after so long."""

    def prepare(self) -> None:
        """Nothing is needed."""

    def command(self) -> list[str]:
        """The command line."""
        return list(self.argv)

    def environment(self) -> Mapping[str, str]:
        """The whole environment."""
        return self.variables

    def is_ready(self, said: str, alive_s: float) -> bool:
        """Whether it said ``ready``, or lives long enough."""
        return _READY.search(said) is not None or alive_s >= self.silent_s

    def stopped(self, exit_code: int) -> None:
        """Nothing is left behind."""
