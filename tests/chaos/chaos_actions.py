"""A seed in, what is done to a running stack and when out; and the doing of it."""

from __future__ import annotations

import heapq
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from chaos_faults import Fault
from chaos_proxy import WAYS
from chaos_stack import Stack, Trouble, wake

from mekong.deploy.local.process import Process
from mekong.deploy.local.stack import SERVERS, WORKERS

TARGETS = (*(name for name in WORKERS if name != "clock"), "events", *SERVERS)
"""The clock is left alone: the run has one of its own, and this one only adds to it."""
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "pause": signal.SIGSTOP}
BESIDE = {name: command for name, command in WORKERS.items() if command[0] in {"worker", "notify"}}
"""Process that may have another one beside it -> its `mekong` command. A second notifier takes over from the first."""
EACH = (
    *((kind, target) for kind in SIGNALS for target in TARGETS),
    *(("cut", way) for way in WAYS),
    *(("beside", name) for name in BESIDE),
)
"""Every action there is, by kind and target. A plan has each once before any comes again."""
GAP_S = (1.0, 3.5)
PAUSE_S = (1.0, 14.0)
BESIDE_S = (8.0, 20.0)
AGAIN_S = 0.5
GIVE_UP_S = 120.0


class Action(NamedTuple):
    """One thing to do, ``at_s`` seconds after the start."""

    at_s: float
    kind: str
    target: str
    length_s: float = 0.0
    """Of a pause, or of the life of a worker beside."""
    hard: bool = False
    """A worker beside ends by SIGKILL."""

    def __str__(self) -> str:
        return f"{self.at_s:6.1f} s  {self.kind} {self.target}" + (f" for {self.length_s:.1f} s" if self.length_s else "")


def plan(seed: int, count: int) -> list[Action]:
    """``count`` actions."""
    chance = random.Random(f"actions {seed}")
    kinds: list[tuple[str, str]] = []
    while len(kinds) < count:
        kinds += chance.sample(EACH, len(EACH))
    at_s, actions = 0.0, []
    for kind, target in kinds[:count]:
        at_s += chance.uniform(*GAP_S)
        length_s = chance.uniform(*{"pause": PAUSE_S, "beside": BESIDE_S}.get(kind, (0.0, 0.0)))
        actions.append(Action(round(at_s, 2), kind, target, round(length_s, 2), chance.random() < 0.5))
    return actions


class Doer:
    """Does what is due. To be called from the main thread: workers beside are tied to it."""

    def __init__(self, stack: Stack, actions: list[Action], faults: list[tuple[float, Fault]], say: Callable[[str], None]) -> None:
        self._stack, self._say = stack, say
        self._began = time.monotonic()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self.done: Counter[str] = Counter()
        for action in actions:
            self._at(action.at_s, lambda action=action: self._do(action))
        for at_s, fault in faults:
            self._at(at_s, lambda fault=fault: self._stack.frames.arm(fault))

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    @property
    def is_done(self) -> bool:
        """Whether nothing is left, and nobody is paused any more."""
        return not self._due

    def look(self) -> None:
        """Do what is due now."""
        while self._due and self._due[0][0] <= self.elapsed_s:
            heapq.heappop(self._due)[2]()

    def _at(self, at_s: float, do: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (at_s, self._number, do))

    def _do(self, action: Action) -> None:
        if action.kind == "cut":
            self._stack.proxy.arm(action.target)
        elif action.kind == "beside":
            process = self._stack.start_beside(*BESIDE[action.target])
            self._at(self.elapsed_s + action.length_s, lambda: self._end(process, hard=action.hard))
        else:
            pid = self._stack.send(action.target, SIGNALS[action.kind])
            if pid is None:  # it is down just now
                if self.elapsed_s - action.at_s > GIVE_UP_S:
                    raise Trouble(f"{action.target} does not come up any more")
                self._at(self.elapsed_s + AGAIN_S, lambda: self._do(action))
                return
            if action.kind == "pause":
                self._at(self.elapsed_s + action.length_s, lambda: wake(pid))
        self.done[f"{action.kind} {action.target}"] += 1
        self._say(f"after {self.elapsed_s:6.1f} s  {action}")

    def _end(self, process: Process, *, hard: bool) -> None:
        self._say(f"after {self.elapsed_s:6.1f} s  the one beside ends ({process.exit_code})")
        if hard:
            process.kill()
        else:
            process.send(signal.SIGTERM)
