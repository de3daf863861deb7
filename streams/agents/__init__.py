"""Finds the agents by name. The first line of each agent's module names the topics that it reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from mekong.schemas.settings import Settings
from mekong.streams.app import Plan

_NAMES = ("intake", "watch", "network", "share", "notify")


def _plan_of(name: str) -> Callable[[Settings], Plan]:
    """The agent's ``plan``. It loads only the agent's own file: the imports of the detectors cost a third of a worker's start and 30 MB."""

    def plan(settings: Settings) -> Plan:
        made: Plan = import_module(f"{__name__}.{name}").plan(settings)
        return made

    return plan


AGENTS = {name: _plan_of(name) for name in _NAMES}
