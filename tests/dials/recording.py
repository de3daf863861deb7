"""Scrapes the processes of a stack as Prometheus does, and writes the series in the form of ``promtool test rules``.

Times are real: one sample each 15 seconds, nothing stretched and nothing repeated. A scrape that fails makes ``up`` 0 and ends the other
series of its process, as in Prometheus. What is changed: promtool begins at the time 0, so each time since 1970 is written as seconds
since the first scrape (a 0, which means never, becomes a time long before), in full seconds; and the instance is the name of the process.
"""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from mekong.schemas.metrics import METRICS

EVERY_S = 15
"""Between two scrapes."""
WITHIN_S = 10
"""Prometheus's own limit for a scrape."""
SINCE_1970 = {one.name for one in METRICS if one.unit == "seconds since 1970"} | {"process_start_time_seconds"}
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Scrape = dict[str, float]
"""Series -> value."""


def names_in(expressions: Iterable[str]) -> set[str]:
    """The metrics that some expressions name."""
    return set(re.findall(r"\b(?:mekong|process)_[a-z_]+\b|\bup\b", " ".join(expressions)))


def series(name: str, labels: Mapping[str, str]) -> str:
    """As PromQL writes it."""
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}"


def scrape(targets: Mapping[str, str]) -> Scrape:
    """One sample of each series of all processes; ``targets``: process -> address."""
    with ThreadPoolExecutor(len(targets)) as side_by_side:
        return {key: value for one in side_by_side.map(_of_one, targets, targets.values()) for key, value in one.items()}


def _of_one(name: str, url: str) -> Scrape:
    common = {"job": "mekong", "instance": name}
    try:
        with _OPENER.open(url, timeout=WITHIN_S) as answer:
            text = answer.read().decode()
    except OSError:
        return {series("up", common): 0.0}
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    kept = {series(one.name, {**one.labels, **common}): one.value for one in samples if not one.name.endswith(("_bucket", "_sum"))}
    return {series("up", common): 1.0, **kept}


def input_series(scrapes: list[Scrape], began: float, names: set[str]) -> list[dict[str, Any]]:
    """The ``input_series`` of promtool; ``began``: when the first scrape was made, in seconds since 1970."""
    keys = sorted({key for one in scrapes for key in one if key.partition("{")[0] in names})
    return [
        {"series": key, "values": values([one.get(key) for one in scrapes], began if key.partition("{")[0] in SINCE_1970 else 0)}
        for key in keys
    ]


def values(found: list[float | None], minus: float = 0) -> str:
    """Samples in promtool's notation; None: there was none. What ends is marked stale, as Prometheus does."""
    parts: list[str] = []
    for value, run in groupby(None if one is None else round(one - minus) if minus else one for one in found):
        number = len(list(run))
        if value is not None:
            parts.append(f"{value:g}+0x{number - 1}" if abs(value) < 1e6 else f"{value:.0f}+0x{number - 1}")
        elif parts:
            parts += ["stale"] + ([f"_x{number - 1}"] if number > 1 else [])
        else:
            parts.append(f"_x{number}")
    return " ".join(parts)
