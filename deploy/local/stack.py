"""``mekong up``: Kafka, ClickHouse and the processes of a deployment on this machine, under one supervisor that ends with them.

Everything lies under one folder (deploy/local/home.py). The servers are known by their cluster id and display name, the supervisor
by a lock: nothing of another stack is ever taken for this one's.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NamedTuple

from deploy.local.clickhouse import ClickHouse
from deploy.local.home import Home, Identity
from deploy.local.kafka import Kafka
from deploy.local.packages import check_packages
from deploy.local.ports import free_port, is_free
from deploy.local.program import Worker
from deploy.local.supervisor import Status, Supervisor
from schemas.errors import Fatal, Refused
from schemas.settings import Settings, settings

SERVERS_WITHIN_S, WORKERS_WITHIN_S, STOP_WITHIN_S = 120.0, 60.0, 120.0
SERVERS = ("clickhouse", "kafka")
"""Stopped last, in this order."""
WORKERS: Mapping[str, tuple[str, ...]] = {
    "intake": ("worker", "intake"),
    "watch": ("worker", "watch"),
    "network": ("worker", "network"),
    "share": ("worker", "share"),
    "notify": ("worker", "notify"),
    "notifier": ("notify",),
    "sink": ("sink", "clickhouse"),
    "clock": ("clock",),
}
"""Process -> its `mekong` command."""
LIVE = frozenset({"clock", "share", "notify", "notifier"})
"""Only where the time is the wall clock's: a replay of old data concerns nobody on duty."""
ADDRESSES = ("KAFKA_BOOTSTRAP", "KAFKA_SECURITY_PROTOCOL", "CLICKHOUSE_URL", "SECRET", "CLOCK")
"""Settings that would lead a process of the stack, or a command beside it, to another deployment."""


class Wanted(NamedTuple):
    """What `mekong up` was asked for; 0 and empty: as before, or as is free."""

    kafka_port: int = 0
    clickhouse_port: int = 0
    clock: str = ""


def up(home: Home, wanted: Wanted, said: Callable[[str], None], workers: Mapping[str, Sequence[str]] = WORKERS) -> None:
    """Start the stack and keep it running until SIGTERM or SIGINT, then stop it in order.

    Raises Refused when one runs in ``home`` already, a port is taken or as ``check`` does, Fatal when something does not come up.
    """
    check()
    with home.locked():
        identity = _with_ports(home.identity(), wanted)
        home.keep(identity)
        home.forget("stack.json")
        supervisor = Supervisor(home.logs, lambda statuses: _note(home, statuses), home.held)
        with _interruptible(supervisor):
            try:
                _start(home, identity, supervisor, said, workers)
                supervisor.watch()
            except KeyboardInterrupt:
                said("stopping …")
            finally:
                _stop(home, supervisor)
        said("stopped")


def check() -> None:
    """Raises Refused when the environment leads to another deployment, MEKONG_RULES cannot be read, or a package is missing."""
    foreign = [f"MEKONG_{name}" for name in ADDRESSES if os.environ.get(f"MEKONG_{name}")]
    if foreign:
        raise Refused(f"{', '.join(foreign)} is set: commands in this shell would go there, not to the local stack. Unset it first.")
    check_packages()
    found = settings()
    if found.rules:
        from streams.rules import rules_of  # noqa: PLC0415 - slow to import

        rules_of(found)


def down(home: Home) -> bool:
    """Stop the stack that runs in ``home`` and wait for its end; False when none runs."""
    pid = home.supervisor()
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN_S
    while home.supervisor() == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)  # the kernel kills its children with it
            raise Fatal(
                f"The stack did not stop in {STOP_WITHIN_S:.0f} s and was killed. Its state is whole: servers and workers bear that."
            )
        time.sleep(0.05)
    while not _is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.05)  # it lets go of the lock a moment before it ends
    return True


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def status(home: Home) -> dict[str, Any]:
    """The stack as it is now: addresses, and every process; ``up`` when all of them are, and both servers answer as ours."""
    running, stack = home.supervisor(), home.stack()
    if running is None:
        return {"up": False, "home": str(home.folder), "supervisor": None, "kafka": None, "clickhouse": None, "processes": []}
    processes = [dict(one) for one in home.processes().get("processes", [])]
    for one in processes:
        if one["state"] == "up" and one["name"] in SERVERS and not _answers(stack, one["name"]):
            one["state"] = "not answering"
    return {
        "up": bool(stack) and all(one["state"] == "up" for one in processes),
        "home": str(home.folder),
        "supervisor": running,
        "kafka": stack.get("kafka"),
        "clickhouse": stack.get("clickhouse"),
        "clock": stack.get("clock"),
        "processes": processes,
    }


def _start(
    home: Home, identity: Identity, supervisor: Supervisor, said: Callable[[str], None], workers: Mapping[str, Sequence[str]]
) -> None:
    began = time.monotonic()
    kafka = Kafka(home.folder / "kafka", identity.kafka_port, identity.controller_port, said=said, deaf=True)
    clickhouse = ClickHouse(
        home.folder / "clickhouse", identity.clickhouse_port, identity.stack_id, identity.clickhouse_password, _memory_mb()
    )
    supervisor.start([clickhouse, kafka], SERVERS_WITHIN_S)
    said(f"Kafka        {kafka.bootstrap}  (cluster {kafka.cluster_id})")
    said(f"ClickHouse   {clickhouse.address}  (the password: `mekong status --json`)")
    said(f"both answer after {time.monotonic() - began:.1f} s")
    _make(kafka, clickhouse, said)
    home.write(
        "stack.json",
        {
            "stack_id": identity.stack_id,
            "kafka": {"bootstrap": kafka.bootstrap, "cluster_id": kafka.cluster_id},
            "clickhouse": {"url": clickhouse.url, "display_name": identity.stack_id},
            "secret": identity.secret,
            "clock": identity.clock,
        },
    )
    variables = variables_of(home)
    chosen = {name: argv for name, argv in workers.items() if name not in LIVE or identity.clock == "on"}
    mekong = (sys.executable, "-P", "-m", "deploy.cli")
    late = supervisor.start(
        [Worker(name, (*mekong, *argv), home.folder, variables) for name, argv in chosen.items()], WORKERS_WITHIN_S, patient=True
    )
    said(f"processes    {', '.join(chosen)}" + ("" if identity.clock == "on" else "  (clock off: time is the data's own)"))
    for one in late:
        said(f"NOT UP       {one.name}: {one.why or 'held, or slow'}; its log says more: {one.log}")
    up = "is up" if not late else f"runs without {', '.join(one.name for one in late)}"
    said(f"The stack {up} after {time.monotonic() - began:.1f} s. Its state is in {home.folder}, its logs in {home.logs}.")
    _note(home, supervisor.statuses, started=True)


def variables_of(home: Home) -> dict[str, str]:
    """The environment of the stack's processes: ours, but they run in another folder and find the stack by it."""
    variables = {name: value for name, value in os.environ.items() if name.removeprefix("MEKONG_") not in ADDRESSES}
    if rules := settings().rules:
        variables["MEKONG_RULES"] = str(rules.resolve())
    return variables | {"MEKONG_HOME": str(home.folder), "PYTHONUNBUFFERED": "1"}


def _make(kafka: Kafka, clickhouse: ClickHouse, said: Callable[[str], None]) -> None:
    """The topics and tables."""
    from deploy.topics import create_topics  # noqa: PLC0415 - slow to import, and the servers start meanwhile
    from sinks.clickhouse.migrate import migrate  # noqa: PLC0415

    made = create_topics(Settings(kafka_bootstrap=kafka.bootstrap, kafka_replication=1))
    applied = migrate(clickhouse.url)
    said(f"topics       {len(made)} made" if made else "topics       all there")
    said(f"tables       {len(applied)} migrations applied" if applied else "tables       up to date")


def _with_ports(identity: Identity, wanted: Wanted) -> Identity:
    """The identity with ports that are free: those asked for, else those of last time, else new ones."""
    return identity._replace(
        kafka_port=_port(wanted.kafka_port, identity.kafka_port, "--kafka-port"),
        controller_port=_port(0, identity.controller_port, ""),
        clickhouse_port=_port(wanted.clickhouse_port, identity.clickhouse_port, "--clickhouse-port"),
        clock=wanted.clock or identity.clock,
    )


def _port(asked: int, last: int, option: str) -> int:
    if asked and not is_free(asked):
        raise Refused(f"{option} {asked}: the port is taken. Leave the option out for a free one.")
    return asked or (last if last and is_free(last) else free_port())


def _memory_mb() -> int:
    """For ClickHouse: 4 GB, or half of a smaller machine."""
    return min(4_096, (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20) // 2)


def _answers(stack: Mapping[str, Any], name: str) -> bool:
    from deploy.local import probe  # noqa: PLC0415 - imports the client

    if name == "kafka":
        return bool(probe.cluster_at(stack["kafka"]["bootstrap"]) == stack["kafka"]["cluster_id"])
    return bool(probe.answer_of(stack["clickhouse"]["url"], "SELECT displayName()") == stack["clickhouse"]["display_name"])


def _note(home: Home, statuses: Sequence[Status], *, started: bool | None = None) -> None:
    before = home.processes()
    same = before.get("supervisor") == os.getpid()
    done = started if started is not None else bool(same and before.get("started"))
    home.write("processes.json", {"supervisor": os.getpid(), "started": done, "processes": [one._asdict() for one in statuses]})


def _stop(home: Home, supervisor: Supervisor) -> None:
    """Commands find no stack any more, then every process is ended; another signal ends them at once."""
    home.forget("stack.json")
    supervisor.stop(last=SERVERS)
    home.forget("processes.json")


@contextmanager
def _interruptible(supervisor: Supervisor) -> Iterator[None]:
    """SIGTERM and SIGINT interrupt once; the second one kills what still runs."""
    seen: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        seen.append(number)
        if len(seen) == 1:
            raise KeyboardInterrupt
        supervisor.kill()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
