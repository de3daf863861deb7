"""A stack of a run's own: `mekong up` as a child process, Kafka and the sink behind proxies, and what is asked of it and done to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chaos_faults import Watcher
from chaos_frames import FrameProxy
from chaos_proxy import HOST, Proxy

from mekong.deploy.local.home import Home
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.schemas.settings import Settings

UP_WITHIN_S = 180.0
REST_WITHIN_S = 240.0
STOP_WITHIN_S = 120.0
MEKONG = (sys.executable, "-P", "-m", "mekong.deploy.cli")
UP = (sys.executable, str(Path(__file__).with_name("chaos_up.py")))


class Trouble(Exception):  # noqa: N818
    """The run cannot go on, and that is a failure."""


class Done(NamedTuple):
    """A command that has ended."""

    code: int
    out: str


class Stack:
    """One stack in ``folder``. It ends with this process, also when that is killed."""

    def __init__(self, folder: Path, seed: int, variables: Mapping[str, str], watcher: Watcher) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self._clean = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")}
        self._clean |= {"MEKONG_HOME": str(self.home.folder), "PYTHONUNBUFFERED": "1", **variables}
        kafka_port = free_port()
        self.frames = FrameProxy(kafka_port, watcher).start()
        up = [*UP, str(self.frames.port), str(free_port()), f"--kafka-port={kafka_port}", "--clock=on"]
        self._up = Process(up, folder / "up.log", env=self._clean)
        self.extra: list[Process] = []
        self._kept: dict[str, tuple[tuple[str, ...], Process]] = {}
        self._wait_until_up()
        self.settings = Settings(home=self.home.folder)
        self.clickhouse_url = self.settings.clickhouse()
        self.proxy = Proxy(urlsplit(self.clickhouse_url).port or 0, seed).start()
        self._put_sink_behind_proxy()

    def mekong(self, *arguments: str, within_s: float = 120.0) -> Done:
        """Run a command to its end; its addresses are the stack's own, ClickHouse's without the proxy."""
        env = {**self._clean, "MEKONG_CLICKHOUSE_URL": self.clickhouse_url}
        done = subprocess.run([*MEKONG, *arguments], env=env, capture_output=True, text=True, timeout=within_s, check=False)
        with (self.folder / "commands.log").open("a", encoding="utf-8") as log:
            log.write(f"mekong {' '.join(arguments)} -> {done.returncode}\n{done.stdout}{done.stderr}\n")
        return Done(done.returncode, done.stdout)

    def keep(self, name: str, *arguments: str) -> None:
        """A command that is not part of `mekong up`, kept running by ``look``."""
        self._kept[name] = (arguments, Process([*MEKONG, *arguments], self.home.logs / f"{name}.log", env=self._clean))

    def look(self) -> None:
        """Start what is kept running again where it has ended. To be called from the main thread: they are tied to it."""
        for name, (arguments, process) in self._kept.items():
            if process.exit_code is not None:
                self.keep(name, *arguments)

    def pid(self, name: str) -> int | None:
        """Of a supervised process, as `mekong status` has it, or of one that is kept running; None while it is down."""
        if name in self._kept:
            process = self._kept[name][1]
            return process.pid if process.exit_code is None else None
        return next((one["pid"] for one in self._processes() if one["name"] == name), None)

    def send(self, name: str, sig: signal.Signals) -> int | None:
        """Send a signal to a supervised process; its id, or None while it is down."""
        pid = self.pid(name)
        if pid is None:
            return None
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return None
        return pid

    def start_beside(self, *arguments: str) -> Process:
        """Another worker of the same group, that nobody starts again."""
        log = self.home.logs / f"beside-{len(self.extra)}-{arguments[-1]}.log"
        self.extra.append(Process([*MEKONG, *arguments], log, env=self._clean))
        return self.extra[-1]

    def restarts(self) -> dict[str, int]:
        """How often each process was started again."""
        return {one["name"]: one["restarts"] for one in self._processes()}

    def wait_for_rest(self) -> None:
        """Wait until every process is up by `mekong status`. Raises Trouble."""
        deadline = time.monotonic() + REST_WITHIN_S
        while True:
            status = self.mekong("status", "--json")
            if status.code == 0:
                return
            if time.monotonic() > deadline:
                raise Trouble(f"the stack does not come to rest: {status.out}")
            time.sleep(1)

    def stop(self) -> None:
        """End everything that was started here."""
        for process in (*self.extra, *(process for _, process in self._kept.values())):
            process.kill()
        self._up.stop(STOP_WITHIN_S)
        self.proxy.stop()
        self.frames.stop()

    def _processes(self) -> Iterable[dict[str, Any]]:
        found: list[dict[str, Any]] = self.home.processes().get("processes", [])
        return found

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + UP_WITHIN_S
        while not self.home.processes().get("started"):
            if self._up.exit_code is not None or time.monotonic() > deadline:
                self._up.kill()
                raise Trouble(f"the stack did not start: {self._up.last_words(20)}")
            time.sleep(0.2)

    def _put_sink_behind_proxy(self) -> None:
        """A worker of the stack finds ClickHouse in stack.json: there the proxy stands now, and the sink starts anew with it."""
        stack = self.home.stack()
        at = urlsplit(self.clickhouse_url)
        through = self.clickhouse_url.replace(f"{at.hostname}:{at.port}", f"{HOST}:{self.proxy.port}")
        self.home.write("stack.json", {**stack, "clickhouse": {**stack["clickhouse"], "url": through}})
        self.send("sink", signal.SIGTERM)


def wake(pid: int) -> None:
    """Let a stopped process go on, when it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def as_json(done: Done) -> dict[str, Any]:
    """What a command with --json printed. Raises Trouble when it printed none."""
    try:
        found: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    except (ValueError, IndexError) as exc:
        raise Trouble(f"exit code {done.code}, and no JSON: {done.out[-500:]!r}") from exc
    return found
