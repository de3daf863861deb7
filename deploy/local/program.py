"""Defines the programs that the supervisor keeps running: the two servers, and the processes of a deployment."""

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
        """The name of its log, and in ``mekong status``."""

    @property
    def folder(self) -> Path:
        """Where it runs."""

    @property
    def stop_within_s(self) -> float:
        """How long the program may take to end normally."""

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
        """Whether the program works, from its output since this start (``said``) and its running time.

        Raises Fatal when it never will.
        """

    def stopped(self, exit_code: int) -> None:
        """Handle what an ended run left."""


@dataclass(frozen=True)
class Worker:
    """A process of the deployment. It is ready when it reports that, or after ``silent_s``."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    stop_within_s: float = 20.0
    stop_signal: signal.Signals = signal.SIGTERM
    silent_s: float = 5.0
    """A process that never reports ``ready`` is considered ready after this time."""

    def prepare(self) -> None:
        """Nothing is needed."""

    def command(self) -> list[str]:
        """The command line."""
        return list(self.argv)

    def environment(self) -> Mapping[str, str]:
        """The whole environment."""
        return self.variables

    def is_ready(self, said: str, alive_s: float) -> bool:
        """Whether it reported ``ready``, or has run long enough."""
        return _READY.search(said) is not None or alive_s >= self.silent_s

    def stopped(self, exit_code: int) -> None:
        """A worker leaves nothing."""
