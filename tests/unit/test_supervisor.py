"""The supervisor: what ends is started again, later each time; all are stopped in order; ready means ready."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mekong.deploy.local import supervisor as supervising
from mekong.deploy.local.interruptible import interruptible
from mekong.deploy.local.program import Worker
from mekong.deploy.local.supervisor import LONGEST_S, SETTLED_S, SHORTEST_S, Supervised, Supervisor
from mekong.schemas.errors import Fatal

pytestmark = pytest.mark.processes

STAYS = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"


def worker(folder: Path, code: str, name: str = "worker", **values) -> Worker:
    return Worker(name, (sys.executable, "-c", code), folder, os.environ, **values)


@dataclass
class Time:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time_():
    return Time()


@pytest.fixture
def supervised(tmp_path, time_):
    made = []

    def make(program):
        made.append(Supervised(program, tmp_path / "logs", time_))
        return made[-1]

    yield make
    for one in made:
        one.stop(0)


def until(condition, what="it", within_s=20.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)


def looked_until(one, state):
    until(lambda: one.look() is not None and one.state == state, state)


def test_a_process_is_up_when_it_says_ready(tmp_path, supervised):
    one = supervised(worker(tmp_path, STAYS))
    one.start()
    assert one.state == "starting"
    looked_until(one, "up")
    assert one.status.restarts == 0
    os.kill(one.status.pid, 0)


def test_a_silent_process_is_up_when_it_has_run_for_a_while(tmp_path, supervised, time_):
    one = supervised(worker(tmp_path, "import time; time.sleep(60)", silent_s=10))
    one.start()
    one.look()
    assert one.state == "starting"
    time_.now += 10
    one.look()
    assert one.state == "up"


def test_what_an_earlier_start_said_does_not_make_a_later_one_ready(tmp_path, supervised, time_):
    one = supervised(worker(tmp_path, "import sys; print('ready' if '0' in sys.argv else ''); raise SystemExit(1)"))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "worker.log").write_text("ready\n")
    one.start()
    looked_until(one, "waiting")
    assert one.status.why.startswith("ended with exit code 1 at ")


def test_a_log_that_grows_large_is_put_aside_while_its_process_writes_on(tmp_path, supervised, monkeypatch):
    monkeypatch.setattr("mekong.deploy.local.supervisor.LOG_BYTES", 1_000)
    one = supervised(worker(tmp_path, "import itertools, time\nfor n in itertools.count(): print(n, flush=True); time.sleep(0.001)"))
    one.start()
    log, old = tmp_path / "logs" / "worker.log", tmp_path / "logs" / "worker.log.1"
    until(lambda: one.look() is not None and old.exists())
    last = int(old.read_text().split()[-1])
    until(lambda: log.stat().st_size)
    assert int(log.read_text().split()[0]) > last
    assert log.stat().st_size < 1_000
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


class EndsAtOnce:
    pid, exit_code = 0, 3

    def __init__(self, *_, **__):
        pass

    def stop(self, *_):
        return 3


def test_the_wait_before_a_restart_doubles_up_to_a_limit_and_starts_over_after_a_long_run(tmp_path, supervised, time_, monkeypatch):
    monkeypatch.setattr("mekong.deploy.local.supervisor.Process", EndsAtOnce)
    one = supervised(worker(tmp_path, ""))
    one.start()
    waits = []
    for _ in range(9):
        looked_until(one, "waiting")
        waits.append(one._start_at - time_.now)
        time_.now = one._start_at
        one.look()
    assert waits == [min(SHORTEST_S * 2**n, LONGEST_S) for n in range(1, 10)]
    assert one.restarts == 9
    time_.now += SETTLED_S
    looked_until(one, "waiting")
    assert one._start_at - time_.now == SHORTEST_S


def test_a_process_that_ends_in_order_is_started_again_at_once(tmp_path, supervised, time_):
    one = supervised(worker(tmp_path, ""))
    one.start()
    looked_until(one, "waiting")
    assert one._start_at - time_.now < SHORTEST_S
    assert one.status.why == ""
    assert one.status.pid is None


def test_a_killed_process_is_started_again_and_its_trouble_is_named(tmp_path, supervised, time_):
    one = supervised(worker(tmp_path, STAYS))
    one.start()
    looked_until(one, "up")
    first = one.status.pid
    os.kill(first, 9)
    looked_until(one, "waiting")
    assert one.status.why.startswith("ended by SIGKILL at ")
    time_.now += LONGEST_S
    looked_until(one, "up")
    assert one.status.pid != first
    assert one.status.restarts == 1


def test_a_server_that_another_answers_for_is_killed_and_started_again(tmp_path, supervised):
    class Impersonated(Worker):
        def is_ready(self, *_):
            raise Fatal("answered by another broker")

    one = supervised(Impersonated("server", (sys.executable, "-c", STAYS), tmp_path, os.environ))
    one.start()
    looked_until(one, "waiting")
    assert "answered by another broker" in one.status.why


def test_a_process_that_will_not_end_is_killed(tmp_path, supervised):
    one = supervised(worker(tmp_path, STUBBORN, stop_within_s=0.3))
    one.start()
    looked_until(one, "up")
    pid = one.status.pid
    one.stop()
    assert one.state == "stopped"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_large_log_is_put_aside_at_the_next_start(tmp_path, supervised, monkeypatch):
    monkeypatch.setattr("mekong.deploy.local.supervisor.LOG_BYTES", 10)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "worker.log").write_text("a long story")
    one = supervised(worker(tmp_path, STAYS))
    one.start()
    looked_until(one, "up")
    assert (tmp_path / "logs" / "worker.log.1").read_text() == "a long story"


@dataclass
class Seen:
    """The states that a supervisor reported, in order."""

    states: list[dict[str, str]] = field(default_factory=list)
    then: Callable[[], object] | None = None
    """Called once, at the next report."""

    def __call__(self, statuses) -> None:
        self.states.append({one.name: one.state for one in statuses})
        then, self.then = self.then, None
        if then:
            then()


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def supervisor(tmp_path, seen):
    made = Supervisor(tmp_path / "logs", seen)
    yield made
    made.kill()


def test_start_returns_when_all_are_up(tmp_path, supervisor, seen):
    supervisor.start([worker(tmp_path, STAYS, "a"), worker(tmp_path, STAYS, "b")], 20)
    assert seen.states[-1] == {"a": "up", "b": "up"}
    assert [one.name for one in supervisor.statuses] == ["a", "b"]


def test_a_server_that_does_not_come_up_is_fatal_with_its_last_words(tmp_path, supervisor):
    with pytest.raises(Fatal, match=r"a is not up: ended with exit code 1[\s\S]*the port is taken"):
        supervisor.start([worker(tmp_path, "raise SystemExit('the port is taken')", "a")], 20)


def test_a_worker_may_end_on_its_way_up(tmp_path, supervisor):
    once = f"import pathlib; been = pathlib.Path('been'); again = been.exists(); been.touch(); again or exit(1); {STAYS}"
    supervisor.start([worker(tmp_path, once, "a")], 20, patient=True)
    assert supervisor.statuses[0].restarts == 1


def test_a_server_that_takes_too_long_is_fatal(tmp_path, supervisor):
    with pytest.raises(Fatal, match="takes too long"):
        supervisor.start([worker(tmp_path, "import time; time.sleep(60)", "a")], 0.2)


def test_a_worker_that_refuses_ends_none_of_the_others(tmp_path, supervisor):
    refuses = "raise SystemExit('state was lost')"
    late = supervisor.start([worker(tmp_path, STAYS, "a"), worker(tmp_path, refuses, "b")], 3, patient=True)
    assert [(one.name, one.why.startswith("ended with exit code 1")) for one in late] == [("b", True)]
    assert supervisor.statuses[0].state == "up"


def test_a_full_disk_ends_nothing(tmp_path, supervisor, monkeypatch):
    def copy(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    supervisor.start([worker(tmp_path, STAYS, "a")], 20)
    monkeypatch.setattr(supervising, "LOG_BYTES", 0)
    monkeypatch.setattr(supervising.shutil, "copy", copy)
    supervisor.look()
    assert supervisor.statuses[0].state == "up"


def test_those_named_last_are_stopped_last_one_after_the_other(tmp_path, supervisor, seen):
    supervisor.start([worker(tmp_path, STAYS, name) for name in ("kafka", "clickhouse", "intake")], 20)
    supervisor.stop(last=("clickhouse", "kafka"))
    stopped = [{name for name, state in states.items() if state == "stopped"} for states in seen.states[-3:]]
    assert stopped == [{"intake"}, {"intake", "clickhouse"}, {"intake", "clickhouse", "kafka"}]


def test_while_watching_a_killed_process_comes_back(tmp_path, supervisor):
    supervisor.start([worker(tmp_path, STAYS, "a")], 20)
    first = supervisor.statuses[0].pid
    os.kill(first, 9)
    until(lambda: supervisor.look() is None and supervisor.statuses[0].state == "up" and supervisor.statuses[0].pid != first)


class Deaf:
    """Is signalled inside a destructor, where Python drops what the signal's handler raises."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        for _ in range(10):
            time.sleep(0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("moment", ["before a start", "while it starts", "while it watches"])
def test_a_signal_whose_exception_was_dropped_ends_it_all_the_same(tmp_path, supervisor, seen, moment):
    def run() -> None:
        supervisor.start([worker(tmp_path, STAYS, "a")], 20)
        if moment == "while it watches":
            Deaf()
        supervisor.watch()

    seen.then = Deaf if moment == "while it starts" else None
    with interruptible(supervisor):
        if moment == "before a start":
            Deaf()
        with pytest.raises(KeyboardInterrupt):
            run()


def test_what_is_held_is_stopped_and_comes_back_when_it_is_let_go(tmp_path, seen):
    held = []
    supervisor = Supervisor(tmp_path / "logs", seen, lambda: held[0] if held else None)
    supervisor.start([worker(tmp_path, STAYS, "a"), worker(tmp_path, STAYS, "b")], 20)
    held.append("a")
    until(lambda: supervisor.look() is None and supervisor.statuses[0].pid is None)
    time.sleep(SHORTEST_S * 3)
    supervisor.look()
    assert [one.state for one in supervisor.statuses] == ["waiting", "up"]
    held.clear()
    until(lambda: supervisor.look() is None and [one.state for one in supervisor.statuses] == ["up", "up"])
    supervisor.kill()
