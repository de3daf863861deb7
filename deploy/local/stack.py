"""``mekong up``: runs Kafka, ClickHouse and the processes of a deployment on this machine, under one supervisor that ends with them.

All files are in one folder (deploy/local/home.py). The servers are known by their cluster id and display name, and the supervisor by
a lock. So a process of another stack is never mistaken for one of this stack.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from pydantic import SecretStr

from mekong.deploy.local.clickhouse import ClickHouse, of_stack, without_password
from mekong.deploy.local.home import Home, Identity, new_key
from mekong.deploy.local.interruptible import interruptible
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.lineup import WORKERS, chosen, console_url, metrics_at, variables_for, web_url, without_tls
from mekong.deploy.local.packages import check_packages
from mekong.deploy.local.ports import free_port, free_ports, is_free
from mekong.deploy.local.program import Worker
from mekong.deploy.local.supervisor import Status, Supervisor
from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.settings import Settings, settings

SERVERS_WITHIN_S, WORKERS_WITHIN_S, STOP_WITHIN_S = 120.0, 60.0, 120.0
SERVERS = ("clickhouse", "kafka")
"""Stopped last, in this order."""
ADDRESSES = ("KAFKA_BOOTSTRAP", "KAFKA_SECURITY_PROTOCOL", "CLICKHOUSE_URL", "SECRET", "CLOCK")
"""Settings that would lead a process of the stack, or a command next to it, to another deployment."""


class Wanted(NamedTuple):
    """What `mekong up` was asked for; 0 and empty: as before, or as is free."""

    kafka_port: int = 0
    clickhouse_port: int = 0
    clock: str = ""


def up(home: Home, wanted: Wanted, said: Callable[[str], None], workers: Mapping[str, Sequence[str]] = WORKERS) -> None:
    """Start the stack and keep it running until SIGTERM or SIGINT, then stop it in order.

    Raises Refused when a stack already runs in ``home``, when a port is used, or as ``check`` does; Fatal when a server does not start.
    """
    check()
    with home.locked():
        identity = _with_ports(home.identity(), wanted, workers)
        home.save(identity)
        home.forget("stack.json")
        supervisor = Supervisor(home.logs, lambda statuses: _note(home, statuses), home.held)
        with interruptible(supervisor):
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
        from mekong.streams.rules import rules_of  # noqa: PLC0415 - slow to import

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
                f"The stack did not stop in {STOP_WITHIN_S:.0f} s and was killed. Its state is complete: servers and workers survive that."
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
    """The stack at this moment: addresses, and every process. ``up`` when all of them are up and both servers are this stack's."""
    running, stack = home.supervisor(), home.stack()
    if running is None:
        return {"up": False, "home": str(home.folder), "supervisor": None, "kafka": None, "clickhouse": None, "web": None, "processes": []}
    processes = [dict(one) for one in home.processes().get("processes", [])]
    for one in processes:
        one["metrics"] = stack.get("metrics", {}).get(one["name"])
        if one["state"] == "up" and one["name"] in SERVERS and not _answers(stack, one["name"]):
            one["state"] = "not answering"
    return {
        "up": bool(stack) and all(one["state"] == "up" for one in processes),
        "home": str(home.folder),
        "supervisor": running,
        "kafka": stack.get("kafka"),
        "clickhouse": stack.get("clickhouse"),
        "web": stack.get("web"),
        "clock": stack.get("clock"),
        "processes": processes,
    }


def _start(
    home: Home, identity: Identity, supervisor: Supervisor, said: Callable[[str], None], workers: Mapping[str, Sequence[str]]
) -> None:
    began = time.monotonic()
    kafka = Kafka(home.folder / "kafka", identity.kafka_port, identity.controller_port, said=said, deaf=True)
    clickhouse = of_stack(home.folder / "clickhouse", identity)
    supervisor.start([clickhouse, kafka], SERVERS_WITHIN_S)
    said(f"Kafka        {kafka.bootstrap}  (cluster {kafka.cluster_id})")
    said(f"ClickHouse   {without_password(clickhouse.analyst_url)}  (reads only; the password: `mekong status --json`)")
    said(f"both answer after {time.monotonic() - began:.1f} s")
    _make(kafka, clickhouse, identity.secret, said)
    home.write("stack.json", _described(identity, kafka, clickhouse))
    wanted = chosen(workers, identity)
    late = supervisor.start(_workers(home, identity, wanted), WORKERS_WITHIN_S, patient=True)
    said(f"web          {web_url(identity)}")
    if sys.stdout.isatty():  # a log does not get the key
        said(f"live page    {console_url(identity)}")
    said(f"processes    {', '.join(wanted)}" + ("" if identity.clock == "on" else "  (clock off: time is the data's own)"))
    for line in _account(home, late, time.monotonic() - began):
        said(line)
    _note(home, supervisor.statuses, started=True)


def _account(home: Home, late: Sequence[Status], seconds: float) -> Iterator[str]:
    """What is up, what is not, and where to look."""
    for one in late:
        yield f"NOT UP       {one.name}: {one.why or 'held, or slow'}; its log says more: {one.log}"
    up = "is up" if not late else f"runs without {', '.join(one.name for one in late)}"
    yield f"The stack {up} after {seconds:.1f} s. Its state is in {home.folder}, its logs in {home.logs}."


def _workers(home: Home, identity: Identity, wanted: Mapping[str, Sequence[str]]) -> list[Worker]:
    variables, mekong = variables_of(home), (sys.executable, "-P", "-m", "mekong.deploy.cli")
    return [Worker(name, (*mekong, *argv), home.folder, variables_for(name, variables, identity)) for name, argv in wanted.items()]


def _described(identity: Identity, kafka: Kafka, clickhouse: ClickHouse) -> dict[str, Any]:
    """What commands and processes of this machine find the stack by."""
    return {
        "stack_id": identity.stack_id,
        "kafka": {"bootstrap": kafka.bootstrap, "cluster_id": kafka.cluster_id},
        "clickhouse": {
            "url": clickhouse.url,
            "analyst_url": clickhouse.analyst_url,
            "native_port": clickhouse.native_port,
            "display_name": identity.stack_id,
        },
        "web": {"url": web_url(identity), "console": console_url(identity)},
        "metrics": {name: metrics_at(identity, name) for name in identity.metrics_ports},
        "secret": identity.secret,
        "clock": identity.clock,
    }


def variables_of(home: Home) -> dict[str, str]:
    """The environment of the stack's processes: that of this process, changed so that they run in another folder and find the stack."""
    variables = {name: value for name, value in os.environ.items() if name.removeprefix("MEKONG_") not in ADDRESSES}
    if rules := settings().rules:
        variables["MEKONG_RULES"] = str(rules.resolve())
    return without_tls(variables) | {"MEKONG_HOME": str(home.folder), "PYTHONUNBUFFERED": "1"}


def _make(kafka: Kafka, clickhouse: ClickHouse, secret: str, said: Callable[[str], None]) -> None:
    """The topics, the register of the secret, and the tables."""
    from mekong.deploy.registry import begin  # noqa: PLC0415 - slow to import, and the servers start meanwhile
    from mekong.sinks.clickhouse.migrate import migrate  # noqa: PLC0415

    made = begin(Settings(kafka_bootstrap=kafka.bootstrap, kafka_replication=1, secret=SecretStr(secret)))
    applied = migrate(clickhouse.url)
    said(f"topics       {len(made)} made" if made else "topics       all there")
    said(f"tables       {len(applied)} migrations applied" if applied else "tables       up to date")


def _with_ports(identity: Identity, wanted: Wanted, workers: Iterable[str] = ()) -> Identity:
    """The identity with ports that are free: those asked for, else those of last time, else new ones; and with a key of the live page."""
    ports = identity._replace(
        kafka_port=_port(wanted.kafka_port, identity.kafka_port, "--kafka-port"),
        controller_port=_port(0, identity.controller_port, ""),
        clickhouse_port=_port(wanted.clickhouse_port, identity.clickhouse_port, "--clickhouse-port"),
        web_port=_port(0, identity.web_port, ""),
        clock=wanted.clock or identity.clock,
        native_port=_port(0, identity.native_port, ""),
        console_key=identity.console_key or new_key(),
        analyst_password=identity.analyst_password or secrets.token_hex(16),
    )
    taken = ports.kafka_port, ports.controller_port, ports.clickhouse_port, ports.web_port, ports.native_port
    return ports._replace(metrics_ports=free_ports(identity.metrics_ports, workers, taken))


def _port(asked: int, last: int, option: str) -> int:
    if asked and not is_free(asked):
        raise Refused(f"{option} {asked}: the port is taken. Leave the option out for a free one.")
    return asked or (last if last and is_free(last) else free_port())


def _answers(stack: Mapping[str, Any], name: str) -> bool:
    from mekong.deploy.local import probe  # noqa: PLC0415 - imports the client

    if name == "kafka":
        return bool(probe.cluster_at(stack["kafka"]["bootstrap"]) == stack["kafka"]["cluster_id"])
    return bool(probe.answer_of(stack["clickhouse"]["url"], "SELECT displayName()") == stack["clickhouse"]["display_name"])


def _note(home: Home, statuses: Sequence[Status], *, started: bool | None = None) -> None:
    before = home.processes()
    same = before.get("supervisor") == os.getpid()
    done = started if started is not None else bool(same and before.get("started"))
    home.write("processes.json", {"supervisor": os.getpid(), "started": done, "processes": [one._asdict() for one in statuses]})


def _stop(home: Home, supervisor: Supervisor) -> None:
    """Make commands find no stack any more, then end every process. Another signal ends them at once."""
    home.forget("stack.json")
    supervisor.stop(last=SERVERS)
    home.forget("processes.json")
