"""The alert rules and dashboards are what the code declares, name only declared metrics, and say in words what they are about."""

from __future__ import annotations

import json
import re
from itertools import groupby
from pathlib import Path

import pytest

from mekong.deploy.dials import write
from mekong.deploy.dials.grafana import BOARDS
from mekong.deploy.dials.panels import CLICKHOUSE, PROMETHEUS
from mekong.deploy.dials.prometheus import PORTS
from mekong.deploy.dials.rules import RULES, Severity
from mekong.deploy.local.lineup import WORKERS
from mekong.schemas.metrics import METRICS, Kind
from tests.dials.faults import FAULTS

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
PANELS = [(board, panel) for board in BOARDS for row in board.rows for panel in row.panels]
ASKED = [query for board, panel in PANELS if board.source == PROMETHEUS for query in panel.queries]
EXPRESSIONS = [rule.expression for rule in RULES] + [query.text for query in ASKED]
OF_OTHERS = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate"},
    "process_start_time_seconds": set(),
    "process_resident_memory_bytes": set(),
    "process_cpu_seconds_total": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
}
"""Metric of Prometheus itself, or of each Python program -> its labels beside job and instance."""


def series() -> dict[str, set[str]]:
    """Each name that an expression may have -> its labels."""
    found = {name: set(labels) for name, labels in OF_OTHERS.items()}
    for metric in METRICS:
        endings = ("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",)
        found |= {metric.name + end: set(metric.labels) | ({"le"} if end == "_bucket" else set()) for end in endings}
    return found


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:mekong_\w+|process_\w+|up|ALERTS)\b", re.sub(r'"[^"]*"', '""', expression)))


def labels_in(expression: str) -> set[str]:
    lists = re.findall(r"\b(?:by|on|group_left|without|ignoring) ?\(([^)]*)\)", expression)
    found = {label.strip() for one in lists for label in one.split(",") if label.strip()}
    return found | set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression))


@pytest.mark.parametrize("name", write.files())
def test_a_file_is_what_the_code_declares(name):
    said = (write.DEPLOY / name).read_text(encoding="utf-8")
    assert said == write.files()[name], "run `.venv/bin/python -m mekong.deploy.dials.write`"


def test_an_operator_writes_the_files_elsewhere_with_links_to_an_own_runbook(tmp_path):
    write.main(["--out", str(tmp_path), "--runbook", "https://intranet.example.org/runbook.html"])
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(write.files())
    links = re.findall(r"runbook_url: (\S+)", (tmp_path / "prometheus/rules.yaml").read_text(encoding="utf-8"))
    assert links == [f"https://intranet.example.org/runbook.html#{rule.anchor}" for rule in RULES]


def test_no_file_is_there_that_nobody_declares():
    there = {str(path.relative_to(write.DEPLOY)) for folder in ("prometheus", "grafana") for path in (write.DEPLOY / folder).rglob("*.*")}
    assert there == set(write.files())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_names_declared_metrics_and_their_labels(expression):
    known = series()
    assert names_in(expression)
    assert not (unknown := names_in(expression) - known.keys()), unknown
    labels = {label for name in names_in(expression) for label in known[name]} | {"job", "instance"}
    assert not (unknown := labels_in(expression) - labels), unknown


def test_the_looks_for_names_and_labels_see_them():
    expression = 'sum by (a, b) (rate(mekong_x_total{c=~"up|process_y"}[5m])) * on (d) group_left (e) up'
    assert names_in(expression) == {"mekong_x_total", "up"}
    assert labels_in(expression) == {"a", "b", "c", "d", "e"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_a_section_of_the_runbook_that_says_what_to_do(rule):
    section = re.search(rf"^### {rule.name}\n(.*?)(?=^##|\Z)", RUNBOOK, re.DOTALL | re.MULTILINE)
    assert section, f"docs/runbook.md: ### {rule.name}"
    assert "**Look first:**" in section[1]
    assert "**Do:**" in section[1]


def test_the_runbook_has_no_section_of_a_rule_that_is_not_there():
    assert re.findall(r"^### (Mekong\w+)$", RUNBOOK, re.MULTILINE) == [rule.name for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_one_sentence_and_its_labels_are_those_of_the_expression(rule):
    assert re.fullmatch(r"Mekong[A-Z][A-Za-z]+", rule.name)
    assert rule.meaning.endswith(".")
    assert re.fullmatch(r"\d+m", rule.hold)
    assert rule.severity in Severity
    shown = set(re.findall(r"\$labels\.(\w+)", rule.meaning))
    kept = re.search(r"\bby \(([^)]*)\)", rule.expression)
    labels = {label.strip() for label in kept[1].split(",")} if kept else {"stage", "instance", "process"}
    assert shown <= labels


def test_the_rules_of_a_group_follow_each_other():
    groups = [name for name, _ in groupby(RULES, lambda rule: rule.group)]
    assert len(groups) == len(set(groups))
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=[f"{board.uid} {panel.title}" for board, panel in PANELS])
def test_a_panel_has_a_title_a_unit_and_a_sentence(board, panel):
    assert panel.title
    assert panel.unit
    assert panel.description.endswith(".")
    assert panel.queries
    assert board.source != CLICKHOUSE or len(panel.queries) == 1
    shown = {label for query in panel.queries for label in re.findall(r"{{(\w+)}}", query.legend)}
    assert shown <= {label for query in panel.queries for label in labels_in(query.text)}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_dashboard_has_what_grafana_needs(board):
    found = json.loads((write.DEPLOY / f"grafana/dashboards/{board.uid}.json").read_text(encoding="utf-8"))
    assert (found["uid"], found["title"], found["editable"]) == (board.uid, board.title, False)
    panels = found["panels"]
    assert len({one["id"] for one in panels}) == len(panels) == sum(1 + len(row.panels) for row in board.rows)
    assert len({one["title"] for one in panels}) == len(panels)
    places = {
        (one["gridPos"]["x"] + x, one["gridPos"]["y"] + y)
        for one in panels
        for x in range(one["gridPos"]["w"])
        for y in range(one["gridPos"]["h"])
    }
    assert len(places) == sum(one["gridPos"]["w"] * one["gridPos"]["h"] for one in panels), "panels lie on each other"
    assert max(x for x, _ in places) < 24
    assert all(
        one["datasource"]["uid"] == f"mekong-{'clickhouse' if board.source == CLICKHOUSE else 'prometheus'}"
        for one in panels
        if one["type"] != "row"
    )


def test_the_example_scrapes_each_process_of_a_stack():
    assert set(PORTS) == set(WORKERS)


def test_the_page_of_metrics_names_each_recorded_fault():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for fault in FAULTS:
        row = next((line for line in page.splitlines() if line.startswith(f"| {fault.what} |")), "")
        assert row, f"docs/metrics.md: | {fault.what} |"
        assert set(re.findall(r"`(Mekong\w+)`", row)) == fault.raises
