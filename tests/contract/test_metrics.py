"""Each metric is declared once, is used, and has a name that Prometheus's users expect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mekong.schemas import metrics
from mekong.schemas.metrics import METRICS, Kind, Metric

ROOT = Path(__file__).parents[2]
FOLDERS = ("schemas", "producers", "streams", "sinks", "deploy")
DECLARED = {name: one for name, one in vars(metrics).items() if isinstance(one, Metric)}
TEXTS = {path: path.read_text(encoding="utf-8") for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}


@pytest.mark.parametrize("name", DECLARED)
def test_each_declared_metric_is_used(name):
    users = [path.name for path, text in TEXTS.items() if re.search(rf"\bmetrics\.{name}\b", text)]
    assert users, f"{name} of schemas/metrics.py: nothing counts it"


def test_each_used_metric_is_declared():
    used = {found for text in TEXTS.values() for found in re.findall(r"\bmetrics\.([A-Z_]+)\b", text)} - {"METRICS"}
    assert used == set(DECLARED)


def test_no_other_module_makes_a_metric():
    made = [
        str(path)
        for path, text in TEXTS.items()
        if re.search(r"\b(Metric|Counter|Gauge|Histogram)\(\s*\"", text) and path.name != "metrics.py"
    ]
    assert made == []


@pytest.mark.parametrize("metric", METRICS, ids=lambda one: one.name)
def test_a_name_says_what_kind_and_unit_it_is(metric):
    assert re.fullmatch(r"mekong_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert ("_seconds" in metric.name) == metric.unit.startswith("seconds")
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert metric.help.endswith(".")


def test_no_name_is_there_twice():
    assert len({one.name for one in METRICS}) == len(METRICS) == len(DECLARED)


def test_no_label_could_hold_content_of_a_case():
    bounded = {"stage", "table", "topic", "channel", "outcome", "method", "route", "status", "limit", "process", "version"}
    assert {label for one in METRICS for label in one.labels} == bounded
