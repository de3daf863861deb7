"""The agents: one topic in, outputs named in the first line of each."""

from __future__ import annotations

from collections.abc import Callable

from schemas.settings import Settings
from streams.agents import intake, network, notify, share, watch
from streams.app import Plan

AGENTS: dict[str, Callable[[Settings], Plan]] = {
    "intake": intake.plan,
    "watch": watch.plan,
    "network": network.plan,
    "share": share.plan,
    "notify": notify.plan,
}
