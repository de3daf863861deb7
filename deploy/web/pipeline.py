"""Looks at the pipeline as `mekong status` does, for the live page."""

from __future__ import annotations

from datetime import UTC, datetime

from mekong.deploy.health import look
from mekong.schemas.settings import Settings
from mekong.sinks.console.values import Pipeline, Stage

_PAUSE_S = 2.0
"""Shorter than for the command: the page looks again and again."""


def pipeline(settings: Settings) -> Pipeline:
    """How each stage is now. It takes some seconds, because a stage that waits is looked at twice."""
    found, now = look(settings, _PAUSE_S), datetime.now(UTC)
    stages = [
        Stage(one.name, one.waiting, bool(one.stands_at), None if one.last_at is None else (now - one.last_at).total_seconds())
        for one in found.stages
    ]
    return Pipeline(now, stages, list(found.trouble))
