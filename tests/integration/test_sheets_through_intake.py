"""Sheets through the real intake and sink: the layouts of the field give the right figures, and no planted name leaves the sheet."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer

from mekong.deploy.cli import mekong
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from tests.integration.committed import committed
from tests.unit.planted import PLANTED, found_in, name_of_file, workbook
from tests.unit.test_shipped_layouts import EXAMPLES, FIGURES

AGENCIES = {
    "simple": "VN-CUSTOMS",
    "aitr": "TH-CUSTOMS",
    "ids": "LA-CUSTOMS",
    "etis": "KH-CUSTOMS",
    "eia": "CN-CUSTOMS",
    "cites-trade": "MM-CUSTOMS",
}
BY_GROUP = """
SELECT agency, commodity_group, uniqExact(event_id), count(), sum(coalesce(mass_kg, 0))
FROM seizure_lines GROUP BY agency, commodity_group"""


@pytest.fixture
def send(deployment, monkeypatch):
    """Sends a file; the account, and all that was printed."""
    deployment.register(*AGENCIES.values())
    deployment.mekong("worker", "intake")
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)

    def run(path: Path, *arguments: str) -> tuple[dict, str]:
        found = CliRunner().invoke(mekong, ["send", str(path), "--json", "--wait", "90", *arguments])
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return json.loads(found.stdout), found.output

    return run


@pytest.fixture
def database(deployment, fresh_database):
    """The tables of a sink that runs."""
    migrate(fresh_database)
    deployment.mekong("sink", "clickhouse", env={"MEKONG_CLICKHOUSE_URL": fresh_database})
    found = Database(fresh_database)
    yield found
    found.close()


def test_sheets_of_every_layout_reach_clickhouse_and_planted_names_do_not(deployment, database, send, tmp_path):
    every_layout_goes_from_its_file_to_the_journal(deployment, send)
    sql_has_the_figures_that_were_written_by_hand(deployment, database)
    planted_names_are_in_no_topic_log_file_or_sentence(deployment, send, tmp_path)


def every_layout_goes_from_its_file_to_the_journal(deployment, send):
    for name, agency in AGENCIES.items():
        (path,) = EXAMPLES.glob(f"{name}.*")
        account, _ = send(path, "--agency", agency)
        assert (account["accepted"], account["rejected"], account["no_receipt"]) == (len(FIGURES[name]), 0, 0), account
    versions = [entry for entry in deployment.journal() if entry["kind"] == "version"]
    for name, agency in AGENCIES.items():
        expected = sorted((day, goods[0][2] or "") for day, _, goods in FIGURES[name].values())
        found = [entry["content"] for entry in versions if entry["agency"] == agency]
        assert sorted((one["seized_at"], one["lines"][0].get("quantity") or "") for one in found) == expected


def sql_has_the_figures_that_were_written_by_hand(deployment, database):
    """Cases, lines and kilograms of each agency and commodity group: those of ``tests/examples/sheet-figures.toml``, and no others."""
    entries = len(deployment.journal())
    deployment.wait_until(lambda: database.value("SELECT count() FROM journal") >= entries, f"{entries} rows in journal")
    found = {(agency, group): (cases, lines, kg) for agency, group, cases, lines, kg in database.query(BY_GROUP).rows}
    written = tomllib.loads(EXAMPLES.with_name("sheet-figures.toml").read_text(encoding="utf-8"))
    assert found == {
        (AGENCIES[name], group): (figures["cases"], figures["lines"], Decimal(figures["kg"]))
        for name, groups in written.items()
        for group, figures in groups.items()
    }


def planted_names_are_in_no_topic_log_file_or_sentence(deployment, send, tmp_path):
    path = tmp_path / "inbox" / name_of_file()
    path.parent.mkdir()
    path.write_bytes(workbook())
    account, printed = send(path, "--agency", "TH-CUSTOMS", "--yes")
    assert (account["accepted"], account["rejected"]) == (2, 7), account
    assert found_in(printed.replace(str(path), "").replace(json.dumps(str(path), ensure_ascii=False), "")) == []
    consumer = KafkaConsumer(bootstrap_servers=deployment.bootstrap)
    topics = [topic for topic in consumer.topics() if topic.endswith(f"{AGENCIES['aitr']}.v1") or topic.count(".") == 1]
    consumer.close()
    assert "journal.v1" in topics
    for topic in topics:
        for record in committed(deployment.bootstrap, topic):
            parts = (record.key or b"", record.value or b"", *(value or b"" for _, value in record.headers))
            assert found_in(b"\n".join(parts).decode(errors="replace")) == [], topic
    names = {what: word.encode() for what, name in PLANTED.items() for word in {name, json.dumps(name)[1:-1]}}
    for file in deployment.folder.rglob("*"):
        if file.is_file() and file != path:
            content = file.read_bytes()
            assert [what for what, name in names.items() if name in content] == [], file
