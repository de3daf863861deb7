"""Tries each step from this machine to a receipt, in order, and says of the first one that fails why, and what to ask whom for.

Each module yields the result of its steps; a step that fails raises ``Failed``. Nothing after it is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mekong.producers.doctor import address, cluster, over_https, trial
from mekong.producers.doctor.over_https import HTTPS_STEPS
from mekong.producers.doctor.step import STEPS, Failed, Found
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.settings import Settings

__all__ = ["HTTPS_STEPS", "STEPS", "Failed", "Found", "examine", "examine_https"]


def examine(settings: Callable[[], Settings], agency: str, now: Callable[[], datetime]) -> Iterator[Found]:
    """The results of the steps, in the order of ``STEPS``; the last one failed, or all are there."""
    return _until_failed(_steps(settings, agency, now), STEPS)


def examine_https(settings: Settings, agency: str | None, now: Callable[[], datetime]) -> Iterator[Found]:
    """The results of the steps over HTTPS, in the order of ``HTTPS_STEPS``. ``agency``: None for the agency of the token."""
    return _until_failed(over_https.steps(settings, agency, now), HTTPS_STEPS)


def _until_failed(results: Iterator[Found], steps: Sequence[str]) -> Iterator[Found]:
    tried = 0
    try:
        for found in results:
            tried += 1
            yield found
    except Failed as failed:
        yield Found(steps[tried], "FAILED", failed.said, failed.ask)


def _steps(settings: Callable[[], Settings], agency: str, now: Callable[[], datetime]) -> Iterator[Found]:
    known, places = address.read(settings, agency)
    yield Found("settings", "ok", address.shown(known))
    yield from address.network_steps(known, places)
    with cluster.login(known) as admin:
        yield Found("login", "ok", f"as {known.kafka_username}" if known.kafka_username else "none is asked for")
        yield cluster.brokers(admin)
        topic, found = cluster.rights(admin, agency, known.kafka_username)
        yield found
    try:
        yield from trial.trial_steps(known, agency, topic, now)
    except (Retriable, Fatal) as exc:
        raise Failed(str(exc), f"the operator of the exchange: a test message to {topic} failed with this sentence") from exc
