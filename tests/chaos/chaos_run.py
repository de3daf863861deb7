"""One run: a seed, a number of messages and of actions in; whether every promise held out, with figures."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from chaos_actions import Doer, plan
from chaos_check import Checker, Found
from chaos_crowd import PHASE_DAYS, PHASE_GROUPS, PHASE_MEMBERS, Crowd
from chaos_faults import EACH_FRAME, plan_frames
from chaos_meaning import AGENCIES, JOINER, Planned
from chaos_messages import Maker
from chaos_senders import Sender, Ticker
from chaos_stack import Stack, Trouble, as_json
from chaos_states import States
from chaos_topics import keep, read

SENDERS = 3
TICKS = 40
ALERT_EVERY = 150
"""Messages."""
VERIFY_WAIT_S = 240
SENT_WITHIN_S = 300
"""After the last action."""


class Outcome(NamedTuple):
    """How a run went."""

    seed: int
    messages: int
    actions: int
    seconds: float
    restarts: int
    cuts: dict[str, int]
    faults: dict[str, int]
    """Of frames: how often each met one."""
    reached: dict[str, int]
    """How often each rare state was."""
    outcomes: dict[str, int]
    ticks: int
    resent: int
    told: str
    trouble: list[str]
    folder: Path
    """Kept when it failed."""

    @property
    def held(self) -> bool:
        return not self.trouble

    def __str__(self) -> str:
        told = ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(self.outcomes.items()))
        return (
            f"seed {self.seed}: {self.messages:,} messages ({told}), {self.resent:,} sent again, {self.actions} actions,"
            f" {self.restarts} restarts, {sum(self.cuts.values())} inserts cut, {sum(self.faults.values())} frames met"
            f" ({len(self.faults)} of {len(EACH_FRAME)} kinds), {self.ticks} ticks, {self.told}, {self.seconds:.0f} s:"
            f" {'held' if self.held else 'NOT HELD'}"
            + "".join(f"\n  {one}" for one in [*self.trouble, f"see {self.folder}"] if self.trouble)
        )


def run(seed: int, messages: int, actions: int, frames: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Make a stack, send through it while it is beaten, let it come to rest, and hold it against the truth."""
    folder = Path(tempfile.mkdtemp(prefix=f"mekong-chaos-{seed}-"))
    with (folder / "actions.log").open("w", encoding="utf-8", buffering=1) as log:

        def tell(line: str) -> None:
            line = f"{time.strftime('%H:%M:%S')} {line}"
            log.write(line + "\n")
            say(line)

        outcome = _Run(folder, seed, messages, actions, frames, tell).go()
    if outcome.held:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        (folder / "outcome.txt").write_text(str(outcome) + "\n", encoding="utf-8")
    return outcome


class _Run:
    def __init__(self, folder: Path, seed: int, messages: int, actions: int, frames: int, say: Callable[[str], None]) -> None:
        self._folder, self._seed, self._say = folder, seed, say
        self._count, self._actions = messages, plan(seed, actions)
        self._spread_s = self._actions[-1].at_s if self._actions else 10.0
        self._faults = plan_frames(seed, frames, self._spread_s)
        self._states = States(say)
        self._trouble: list[str] = []
        self._found: Found | None = None
        self._joined, self._ended = threading.Event(), threading.Event()
        self._restarts = 0
        self._reached: Counter[str] = Counter()
        self._cuts: Counter[str] = Counter()
        self._senders: list[Sender] = []
        self._crowd = Crowd(folder, seed)

    def go(self) -> Outcome:
        began = time.monotonic()
        stack = None
        try:
            stack = Stack(self._folder, self._seed, self._crowd.variables, self._states)
            self._beat(stack)
        except Trouble as exc:
            self._trouble.append(str(exc))
        finally:
            self._ended.set()
            if stack is not None:
                self._cuts = stack.proxy.cuts
                stack.stop()
                self._reached = self._states.of_run(stack.home.logs, self._cuts)
            self._crowd.close()
        found = self._found
        return Outcome(
            seed=self._seed,
            messages=self._count,
            actions=len(self._actions),
            seconds=time.monotonic() - began,
            restarts=self._restarts,
            cuts=dict(self._cuts),
            faults=dict(self._states.faults),
            reached=dict(self._reached),
            outcomes=dict(found.outcomes) if found else {},
            ticks=found.ticks if found else 0,
            resent=sum(sender.tried.total() - len(sender.tried) for sender in self._senders),
            told=self._crowd.figures,
            trouble=self._trouble,
            folder=self._folder,
        )

    def _beat(self, stack: Stack) -> None:
        now = datetime.now(UTC)
        self._register(stack, now)
        messages = list(Maker(self._seed, now, stack.settings.deployment_secret()).messages(self._count))
        self._senders = [Sender(stack.settings, messages, first, SENDERS, self._spread_s, self._joined) for first in range(SENDERS)]
        ticker = Ticker(stack.settings, self._agencies, max(1.0, self._spread_s / TICKS))
        self._crowd.start(stack, max(20, self._count // ALERT_EVERY), self._spread_s, self._agencies)
        doer = Doer(stack, self._actions, self._faults, self._say)
        ticker.start()
        for sender in self._senders:
            sender.start()
        self._attend(stack, doer)
        ticker.stop()
        self._rest(stack, ticker)
        self._restarts = sum(stack.restarts().values())
        self._judge(stack, messages, now)

    def _agencies(self) -> list[str]:
        return [agency for agency in AGENCIES if agency != JOINER or self._joined.is_set()]

    def _register(self, stack: Stack, now: datetime) -> None:
        """All agencies but the one that joins later, and a phase that runs now for half of them."""
        here = self._agencies()
        self._do(stack, "agency", "add", *here)
        members = [part for agency in PHASE_MEMBERS for part in ("--member", agency)]
        days = [f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-PHASE_DAYS, PHASE_DAYS)]
        groups = [part for group in PHASE_GROUPS for part in ("--group", group)]
        self._do(stack, "phase", "add", "CHAOS", "--operation", "OMD", "--starts", days[0], "--ends", days[1], *groups, *members)
        for name in ("intake", "notify"):  # they begin anew with all topics at once, instead of when they look for new ones
            stack.send(name, signal.SIGTERM)

    def _do(self, stack: Stack, *arguments: str) -> None:
        done = stack.mekong(*arguments)
        if done.code:
            raise Trouble(f"mekong {' '.join(arguments)} failed: {done.out}")

    def _attend(self, stack: Stack, doer: Doer) -> None:
        """Do what is due, and let the last agency join half-way, until all is done and sent."""
        joining = threading.Timer(self._spread_s / 2, self._join, [stack])
        joining.start()
        while not (doer.is_done and not stack.proxy.waiting and all(one.is_done for one in (*self._senders, self._crowd.alerter))):
            doer.look()
            stack.look()
            if doer.elapsed_s > self._spread_s + SENT_WITHIN_S:
                raise Trouble(
                    f"not everything could be sent and cut: {stack.proxy.inserts} inserts, {stack.proxy.waiting} cuts wait for one"
                )
            time.sleep(0.1)
        failed = [sender.failed for sender in self._senders if sender.failed]
        if failed:
            raise Trouble("senders failed:\n" + "\n".join(failed))

    def _join(self, stack: Stack) -> None:
        """Add one more agency to the running stack, as often as an outage makes it fail."""
        while not self._ended.is_set() and not self._joined.is_set():
            if stack.mekong("agency", "add", JOINER).code == 0:
                self._joined.set()
                self._say(f"{JOINER} joins")

    def _rest(self, stack: Stack, ticker: Ticker) -> None:
        """No more actions, no more time: all that is on its way arrives."""
        self._say("coming to rest")
        stack.proxy.disarm()
        stack.frames.disarm()
        self._crowd.calm()
        for process in stack.extra:
            process.stop()
        stack.wait_for_rest()
        stack.send("clock", signal.SIGSTOP)
        if ticker.failed:
            raise Trouble(f"the ticker failed: {ticker.failed}")
        ticker.last()
        self._crowd.settle(self._say)

    def _judge(self, stack: Stack, messages: list[Planned], now: datetime) -> None:
        done = stack.mekong("verify", "--json", "--wait", str(VERIFY_WAIT_S), within_s=VERIFY_WAIT_S + 300)
        report = as_json(done)
        if not report["holds"]:
            self._trouble += [f"verify: {check['name']}: {check['examples']}" for check in report["checks"] if not check["holds"]]
            self._trouble += [f"verify: {part}" for part in report["pending"]]
        self._say(f"verify took {report['seconds']} s")
        delivered = {number: place for sender in self._senders for number, place in sender.delivered.items()}
        tried = Counter[int]()
        for sender in self._senders:
            tried += sender.tried
        records = read(stack.settings.bootstrap())
        checker = Checker(stack.settings, stack.clickhouse_url, records)
        self._found = checker.check(messages, delivered, tried, self._agencies())
        self._trouble += [*self._found.differences, *self._crowd.judge(records, now)]
        self._say("judged")
        if self._trouble:
            keep(records, self._folder)
        (self._folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
