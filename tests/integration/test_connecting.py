"""docs/analysts.md, "Connect your tool": the ways that can be tried here, with the account for reading only."""

from __future__ import annotations

import base64
import csv
import io
import re
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.ports import free_port
from mekong.schemas.tables import VIEWS
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables.journal import TABLE
from tests.conftest import started
from tests.debian import installed, on_path
from tests.integration.test_sink_tables import version
from tests.interop import java, jdbc
from tests.interop.python_env import python_with

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
JDBC_EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "java" / "Jdbc.java"
REQUIREMENTS = Path(__file__).parents[1] / "interop" / "analysts.txt"
CASES = 2_000
"""More than one packed block of an answer."""


ANSWER = f"agency,cases,kg\nVN-CUSTOMS,{CASES},{CASES * 1.5:.0f}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    found = ClickHouse(tmp_path_factory.mktemp("connecting") / "clickhouse", free_port(), f"test-{uuid.uuid4()}", "test")
    process = started(found)
    migrate(found.url)
    batch = Batch(Source("journal.v1", 0), -1, list(range(CASES)), [0] * CASES, [version(1, number) for number in range(1, CASES + 1)])
    ClickHouseSink(Database(found.url), TABLE).write([batch])
    yield found
    process.kill()


def example(language: str, server: ClickHouse) -> str:
    """The code of the page, with this server's address and password."""
    _, connecting = PAGE.read_text(encoding="utf-8").split("## Connect your tool")
    code = re.findall(rf"```{language}\n(.*?)```", connecting, re.DOTALL)[0]
    return code.replace("127.0.0.1:8123", f"127.0.0.1:{server.port}").replace("THE-PASSWORD", server.analyst_password)


def said_by(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_jdbc_driver_reads_columns_rows_and_a_past_moment_by_its_defaults(server, tmp_path):
    classes = java.compiled([JDBC_EXAMPLE], tmp_path / "classes")
    said = java.run(f"{jdbc.driver()}:{classes}", "Jdbc", f"jdbc:clickhouse://127.0.0.1:{server.port}/mekong", server.analyst_password)
    lines = [line for line in said.splitlines() if "SLF4J" not in line and "log4j" not in line.lower()]
    assert lines == ["columns of seizures: 74", f"VN-CUSTOMS {CASES} {CASES * 1.5:.6f}", f"known then: {CASES}"]


def test_curl_reads_csv(server):
    assert said_by("bash", "-c", example("sh", server)).replace('"', "") == ANSWER


def test_pandas_and_polars_read_csv(server, tmp_path):
    (tmp_path / "ask.py").write_text(example("python", server), encoding="utf-8")
    said = said_by(python_with(REQUIREMENTS), tmp_path / "ask.py")
    assert said.replace(".0\n", "\n") == ANSWER * 2


def test_r_reads_csv(server, tmp_path):
    installed("R", on_path("Rscript"), "r-base-core")
    (tmp_path / "ask.R").write_text(example("r", server), encoding="utf-8")
    assert said_by("Rscript", tmp_path / "ask.R") == ANSWER


def test_the_question_of_power_query_is_answered_as_it_asks(server):
    code = example("powerquery", server)
    (question,) = re.findall(r'Question = "(.*?)",\n', code)
    (query,) = re.findall(r"Query = \[(.*?), query = Question\]", code)
    (base,) = re.findall(r'Web.Contents\("(.*?)"', code)
    name, value = query.replace('"', "").split(" = ")
    account = base64.b64encode(f"analyst:{server.analyst_password}".encode()).decode()
    asked = Request(f"{base}/?{urlencode({name: value, 'query': question})}", headers={"Authorization": f"Basic {account}"})
    with urlopen(asked, timeout=30) as answer:
        rows = list(csv.reader(io.StringIO(answer.read().decode("utf-8"))))
    assert rows == [line.split(",") for line in ANSWER.splitlines()]


def test_a_tool_that_reflects_finds_the_columns_of_each_view_without_parameters(server):
    analyst = Database(server.analyst_url)
    with_columns = {name for (name,) in analyst.query("SELECT DISTINCT table FROM system.columns WHERE database = 'mekong'").rows}
    assert {view.name for view in VIEWS} - with_columns == {view.name for view in VIEWS if view.takes_parameters}
    assert {"seizures", "seizure_versions", "seizure_lines"} <= with_columns
    for view in VIEWS:
        if not view.takes_parameters:
            assert len(analyst.query(f"DESCRIBE TABLE {view.name}").rows) == len(view.shown)
