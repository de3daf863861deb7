"""The agents: one topic in, outputs named in the first line of each."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from schemas.settings import Settings
from streams.app import Plan

_NAMES = ("intake", "watch", "network", "share", "notify")


def _plan_of(name: str) -> Callable[[Settings], Plan]:
    """The agent's ``plan``. Only its own file is loaded: what the detectors need is a third of a worker's start, and 30 MB."""

    def plan(settings: Settings) -> Plan:
        made: Plan = import_module(f"{__name__}.{name}").plan(settings)
        return made

    return plan


AGENTS = {name: _plan_of(name) for name in _NAMES}
