"""Keeps the figures of this process: what its parts count, in the metrics of schemas/metrics.py.

Count once for a run or a transaction, not for each record. The pure core does not count: lint-imports keeps it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # with it, the library would write each count into a file
os.environ.pop("prometheus_multiproc_dir", None)

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import make_wsgi_app

from mekong.schemas.metrics import METRICS, Kind, Metric

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
"""The figures as `prometheus_client` keeps them."""


def _kept(metric: Metric) -> Any:
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(metric.name, metric.help, metric.labels, registry=REGISTRY, buckets=metric.buckets)
    registry = REGISTRY if metric.labels else None
    return (Counter if metric.kind is Kind.COUNTER else Gauge)(metric.name, metric.help, metric.labels, registry=registry)


_KEPT = {metric: _kept(metric) for metric in METRICS}
_shown: set[Metric] = set()
"""Those without labels that this process counts. Another process does not show them: a 0 there would not be true."""
_showing = threading.Lock()


def count(metric: Metric, amount: float = 1, **labels: str) -> None:
    """Add to a counter."""
    _of(metric, labels).inc(amount)


def put(metric: Metric, value: float, **labels: str) -> None:
    """Set a gauge."""
    _of(metric, labels).set(value)


def observe(metric: Metric, value: float, **labels: str) -> None:
    """Add one value to a histogram."""
    _of(metric, labels).observe(value)


def put_all(metric: Metric, values: Mapping[str, float], label: str, **labels: str) -> None:
    """Set a gauge for each value of ``label``, and remove the values that are not there any more."""
    kept = _KEPT[metric]
    names = [name for name in metric.labels if name != label]
    for found in [sample.labels for family in kept.collect() for sample in family.samples]:
        if found[label] not in values and all(found[name] == labels[name] for name in names):
            kept.remove(*(found[name] for name in metric.labels))
    for value, figure in values.items():
        put(metric, figure, **labels, **{label: value})


def begin(**labels: str) -> None:
    """Show the metrics with exactly these labels from the start, at 0. Prometheus sees no increase of a series that is new."""
    for metric, kept in _KEPT.items():
        if metric.labels and set(metric.labels) == set(labels):
            kept.labels(**labels)


def _of(metric: Metric, labels: Mapping[str, str]) -> Any:
    if metric.labels:
        return _KEPT[metric].labels(**labels)
    if metric not in _shown:
        _show(metric)
    return _KEPT[metric]


def _show(metric: Metric) -> None:
    with _showing:
        if metric not in _shown:
            REGISTRY.register(_KEPT[metric])
            _shown.add(metric)


def measure_process() -> None:
    """Show memory, processor time and open files of this process from now on."""
    ProcessCollector(registry=REGISTRY)


def exposition() -> Any:
    """The figures as a WSGI application. Only this module imports the library, because of the variable above."""
    return make_wsgi_app(REGISTRY)
