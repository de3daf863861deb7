"""The questions of the dashboards, asked: promtool and a real Prometheus read the PromQL, a real ClickHouse answers the SQL."""

from __future__ import annotations

import re
import shutil
import time
import urllib.parse
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import yaml

from mekong.deploy.dials import prometheus
from mekong.deploy.dials.grafana import BOARDS
from mekong.deploy.dials.operations import OPERATIONS
from mekong.deploy.dials.overview import OVERVIEW
from mekong.deploy.dials.panels import PROMETHEUS
from mekong.deploy.dials.rules import RULES
from mekong.deploy.dials.write import RULES_FILE
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.sinks.clickhouse.client import Database
from tests.dials.promtool import check, promtool
from tests.dials.stack import VN, Stack
from tests.integration.gateway.conftest import seizure

EMPTY_WITHOUT_WORK = {"Failures of the sink", "Attempts to notify", "Requests over a limit"}


def promql(text: str, rate: str = "5m") -> str:
    """What Grafana would ask."""
    return text.replace("$__rate_interval", rate)


def sql(text: str, begin: datetime, end: datetime) -> str:
    """What the data source of ClickHouse makes of its macros."""
    moments = [f"toDateTime({int(one.timestamp())})" for one in (begin, end)]
    text = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 >= {moments[0]} AND \1 <= {moments[1]}", text)
    text = text.replace("$__fromTime", moments[0]).replace("$__toTime", moments[1])
    assert "$__" not in text
    return text


def test_promtool_reads_each_expression_of_the_dashboards(tmp_path):
    asked = [
        query.text
        for board in BOARDS
        if board.source == PROMETHEUS
        for row in board.rows
        for panel in row.panels
        for query in panel.queries
    ]
    rules = [{"record": f"asked:{number}", "expr": promql(text)} for number, text in enumerate(asked)]
    file = tmp_path / "asked.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}), encoding="utf-8")
    assert f"SUCCESS: {len(asked)} rules found" in check("rules", file)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    found = Stack(tmp_path_factory.mktemp("dials") / "stack")
    yield found
    found.close()


@pytest.fixture(scope="module")
def prometheus_at(stack, tmp_path_factory):
    """A real Prometheus with our rules, which scrapes each second."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    promtool()  # the same package
    made = prometheus.scrape()
    made["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    made["rule_files"] = [str(RULES_FILE)]
    made["scrape_configs"][0]["static_configs"][0]["targets"] = [urllib.parse.urlsplit(url).netloc for url in stack.targets.values()]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    options = [
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    process = Process([shutil.which("prometheus"), *options], folder / "log", cwd=folder)
    yield f"http://127.0.0.1:{port}"
    process.stop()


def asked(url: str, path: str, **question: str):
    answer = httpx.get(f"{url}{path}", params=question, timeout=10, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.mark.integration
@pytest.mark.timeout(600)
def test_a_real_prometheus_reads_all_processes_and_has_data_for_each_panel(stack, prometheus_at):
    stack.all_ready()
    stack.some_cases(20)
    stack.subscribe("duty", channel="mail", to="duty@example.org")
    stack.notify("duty")
    stack.ask(3)
    panels = [panel for row in OPERATIONS.rows for panel in row.panels if panel.title not in EMPTY_WITHOUT_WORK]
    deadline, missing = time.monotonic() + 120, ["all"]
    while missing and time.monotonic() < deadline:
        stack.keep()
        time.sleep(2)
        with suppress(httpx.HTTPError):
            missing = [
                panel.title
                for panel in panels
                if not asked(prometheus_at, "/api/v1/query", query=promql(panel.queries[0].text, "30s"))["result"]
            ]
    assert not missing
    for panel in (panel for row in OPERATIONS.rows for panel in row.panels):
        asked(prometheus_at, "/api/v1/query", query=promql(panel.queries[0].text, "30s"))
    targets = asked(prometheus_at, "/api/v1/targets")["activeTargets"]
    assert {one["health"] for one in targets} == {"up"}
    assert len(targets) == len(stack.targets)
    rules = [rule for group in asked(prometheus_at, "/api/v1/rules")["groups"] for rule in group["rules"]]
    assert {rule["name"]: rule["health"] for rule in rules} == {rule.name: "ok" for rule in RULES}
    ready = asked(prometheus_at, "/api/v1/query", query=promql(OPERATIONS.rows[0].panels[3].queries[0].text))["result"]
    assert {one["metric"]["process"]: one["value"][1] for one in ready} == dict.fromkeys(stack.targets, "1")


@pytest.mark.integration
@pytest.mark.timeout(600)
def test_a_real_clickhouse_answers_each_panel_and_the_figures_are_those_of_the_messages(stack):
    stack.all_ready()
    today = datetime.now(UTC).date().isoformat()
    made = [seizure(500_000 + number, VN, seized_at=today) for number in range(7)]
    stack.send(VN, [*made, made[0], b"{"])
    begin, end = datetime.now(UTC) - timedelta(days=2), datetime.now(UTC) + timedelta(days=1)
    database = Database(stack.clickhouse.url)
    panels = {panel.title: (panel, sql(panel.queries[0].text, begin, end)) for row in OVERVIEW.rows for panel in row.panels}
    stack.wait_until(lambda: database.query(panels["Messages rejected"][1]).rows == [(1,)], "the receipts are in ClickHouse")
    stack.wait_until(lambda: database.query(panels["Cases"][1]).rows == [(7,)], "the cases are in ClickHouse")
    for title, (panel, text) in panels.items():
        rows = database.query(text).rows
        assert panel.kind != "lines" or re.match(r"SELECT (toDateTime|toStartOfHour)\(\w+\) AS time", text), title
        assert panel.kind != "number" or len(rows) == len(rows[0]) == 1, title
    assert database.query(panels["Agencies with cases"][1]).rows == [(1,)]
    assert [row[:3] for row in database.query(panels["Cases by agency"][1]).rows] == [(VN, 7, 7)]
    assert [row[:2] for row in database.query(panels["Cases by commodity group"][1]).rows] == [("drug", 7)]
    assert [row[1:] for row in database.query(panels["Cases a day by agency"][1]).rows] == [(VN, 7)]
    assert database.query(panels["Why messages were rejected"][1]).rows == [(VN, "not_json", 1)]
    database.close()
