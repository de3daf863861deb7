"""Lists the processes of a local stack, and chooses those that run. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mekong.deploy.local.home import Identity

WORKERS: Mapping[str, tuple[str, ...]] = {
    "intake": ("worker", "intake"),
    "watch": ("worker", "watch"),
    "network": ("worker", "network"),
    "share": ("worker", "share"),
    "notify": ("worker", "notify"),
    "notifier": ("notify",),
    "sink": ("sink", "clickhouse"),
    "web": ("web", "--listen", "127.0.0.1:{web_port}"),
    "clock": ("clock",),
}
"""Process -> its `mekong` command. ``{web_port}`` is the port of the stack's server."""
LIVE = frozenset({"clock", "share", "notify", "notifier"})
"""Only where the time is the wall clock's: a replay of old data concerns nobody on duty."""
_OF_A_DEPLOYMENT = frozenset({"MEKONG_GATEWAY_CERT", "MEKONG_GATEWAY_KEY"})
"""The stack's server is on this machine alone, and without TLS."""
_CONSOLE_KEY = "MEKONG_CONSOLE_KEY"


def chosen(workers: Mapping[str, Sequence[str]], identity: Identity) -> dict[str, list[str]]:
    """The processes that run with this clock, each with its command."""
    live = identity.clock == "on"
    return {name: [part.format(web_port=identity.web_port) for part in argv] for name, argv in workers.items() if live or name not in LIVE}


def without_tls(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of the stack."""
    return {name: value for name, value in variables.items() if name not in _OF_A_DEPLOYMENT}


def metrics_at(identity: Identity, name: str) -> str:
    """Where a process of the stack serves its metrics."""
    return f"127.0.0.1:{identity.metrics_ports[name]}"


def variables_for(name: str, variables: Mapping[str, str], identity: Identity) -> dict[str, str]:
    """The environment of one process: only the server gets the key of the live page, and that of this stack."""
    own = {key: value for key, value in variables.items() if key != _CONSOLE_KEY} | {"MEKONG_METRICS": metrics_at(identity, name)}
    return own | {_CONSOLE_KEY: identity.console_key} if name == "web" else own


def console_url(identity: Identity) -> str:
    """The address of the live page, with its key; empty before the stack has a key."""
    return f"{web_url(identity)}/console?key={identity.console_key}" if identity.console_key else ""


def web_url(identity: Identity) -> str:
    """The address of the stack's server."""
    return f"http://127.0.0.1:{identity.web_port}"
