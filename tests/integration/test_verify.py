"""``verify`` against the real servers: it holds when all is well, and finds every kind of planted error."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from mekong.deploy.cli.ask import sql, verify
from mekong.deploy.cli.processes import redrive
from mekong.deploy.health.sink import dead_letters
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.deploy.verify import store
from mekong.deploy.verify import verify as run
from mekong.deploy.verify.counts import check_counts
from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, Tick, sign
from mekong.schemas.counts import Count, Window
from mekong.schemas.errors import Refused
from mekong.schemas.journal import AgencyEntry, Enriched, EnrichedLine, TickEntry, Version
from mekong.schemas.journal import Source as Message
from mekong.schemas.receipts import Receipt
from mekong.schemas.settings import Settings
from mekong.schemas.topics import BUCKETS, COUNTS, JOURNAL, LANES, lane_of
from mekong.sinks.base import Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.process import run as run_sinks
from mekong.sinks.clickhouse.table import Table
from mekong.sinks.clickhouse.tables import TABLES

SECRET = "planted"
AGENCY, INCOMING, RECEIPTS = "VN-CUSTOMS", "in.VN-CUSTOMS.v1", "receipts.VN-CUSTOMS.v1"
LANE = lane_of(INCOMING)
AT, TICK_AT = datetime(2026, 5, 3, 17, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)
PROFILE = AgencyProfile(agency=AGENCY, name="Customs", kind="customs", country="VN", region="Asia", utc_offset="+07:00")
TICK_OFFSET = 5
SEIZED = {"seized_at": "2026-05-03T23:20:00+07:00", "lines": [{"commodity_group": "drug", "substance_or_taxon": "ice"}]}


def of_offset(number: int) -> str:
    """SQL of what stands at an offset of the receipts."""
    return f"(SELECT any(_value) FROM receipts WHERE _offset = {number})"


def version(case: int, number: int, offset: int, mass_mg: int = 1_500_000, status: str = "current") -> Version:
    return Version(
        event_id=UUID(int=case),
        agency=AGENCY,
        case_no=f"C-{case}",
        family="case",
        version=number,
        status=status,
        message_type="seizure" if status == "current" else "withdrawal",
        received_at=AT,
        source=Message(topic=INCOMING, offset=offset),
        content_hash=f"1:{case}{number}",
        content=SEIZED if status == "current" else {},
        enriched=Enriched(
            agency_kind="customs",
            agency_country="VN",
            agency_region="Asia",
            phase="OMD-VII",
            lines=(EnrichedLine(code=None, name="ice", mass_mg=mass_mg),) if status == "current" else (),
        ),
    )


def journal() -> list[bytes]:
    of = {"agency": AGENCY, "received_at": AT}
    entries = [
        AgencyEntry(**of, source=Message(topic=INCOMING, offset=0), profile=PROFILE),
        version(1, 1, 1, mass_mg=7),
        version(1, 2, 2),
        version(2, 1, 3),
        version(2, 2, 4, status="withdrawn"),
        TickEntry(**of, source=Message(topic=INCOMING, offset=5), at=TICK_AT),
        version(3, 1, 6),  # behind the last tick: in no count yet
    ]
    return [wire.encode(entry) for entry in entries]


def receipt(offset: int) -> Receipt:
    """Of the message behind the entry at the same offset."""
    entry = json.loads(journal()[offset])
    outcome = "withdrawn" if entry["status"] == "withdrawn" else "accepted"
    what = {name: entry[name] for name in ("case_no", "event_id", "version")}
    return Receipt(source_topic=INCOMING, source_offset=offset, agency=AGENCY, outcome=outcome, received_at=AT, **what)


def counts() -> list[bytes]:
    rolling = {window.value: "" for window in Window if window.days or window.minutes > 60}
    windows = {**rolling, "day": "2026-05-03", "month": "2026-05-01", "phase": "OMD-VII"}
    of = {"agency": AGENCY, "as_of": TICK_AT, "tick_offset": TICK_OFFSET, "cases": 1, "lines": 1, "mass_mg": 1_500_000}
    told = [Count(**of, commodity_group=group, window=window, start=start) for window, start in windows.items() for group in (None, "drug")]
    return [
        wire.encode(count)
        for count in [*told, Count(**{**of, "cases": 0, "lines": 0, "mass_mg": 0}, commodity_group=None, window="1h", start="")]
    ]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker whose topics are as intake and watch leave them."""
    server = Kafka(tmp_path_factory.mktemp("verify") / "kafka", free_port(), free_port())
    server.prepare()
    process = Process(server.command(), server.folder.parent / "kafka.log", env=server.environment(), cwd=server.folder)
    deadline = time.monotonic() + 90
    while not server.is_ready():
        assert time.monotonic() < deadline, process.last_words(20)
        time.sleep(0.1)
    fill(server.bootstrap)
    yield server.bootstrap
    process.kill()


def fill(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, LANES, 1) for name in (JOURNAL.name, COUNTS.name, BUCKETS.name)])
    admin.create_topics([NewTopic(name, 1, 1) for name in (INCOMING, RECEIPTS)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    controls = {0: wire.encode(PROFILE), 5: wire.encode(Tick(at=TICK_AT))}
    for offset in range(7):
        value = controls.get(offset, b"{}")
        headers = [(CONTROL_HEADER, sign(SECRET.encode(), INCOMING, value))] if offset in controls else []
        producer.send(INCOMING, value, headers=headers, partition=0)
        if offset not in controls:
            producer.send(RECEIPTS, wire.encode(receipt(offset)), partition=0)
    for topic, values in ((JOURNAL.name, journal()), (COUNTS.name, counts())):
        for value in values:
            producer.send(topic, value, partition=LANE)
    producer.close()
    commit(bootstrap, "intake", TopicPartition(INCOMING, 0), 7)
    for group in ("watch", "network", "share"):
        commit(bootstrap, group, TopicPartition(JOURNAL.name, LANE), 7)


def commit(bootstrap: str, group: str, tp: TopicPartition, offset: int) -> None:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    consumer.assign([tp])
    consumer.commit({tp: OffsetAndMetadata(offset, "", -1)})
    consumer.close()


@pytest.fixture
def settings(broker: str, fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    values = {"HOME": str(tmp_path), "KAFKA_BOOTSTRAP": broker, "CLICKHOUSE_URL": fresh_database, "SECRET": SECRET}
    for name, value in values.items():
        monkeypatch.setenv(f"MEKONG_{name}", value)
    migrate(fresh_database)
    return Settings()


@pytest.fixture
def database(settings: Settings) -> Database:
    """A database that the sinks have filled."""
    return filled(settings, TABLES, [7, 5, 13])


def filled(settings: Settings, tables: Sequence[Table], wanted: list[int]) -> Database:
    """The database, once its sinks have stored so many rows of journal, receipts and counts."""
    stop = threading.Event()
    thread = threading.Thread(target=run_sinks, args=(settings, stop, tables))
    thread.start()
    database = Database(settings.clickhouse())
    deadline = time.monotonic() + 60
    try:
        while [database.value(f"SELECT count() FROM {table}") for table in ("journal", "receipts", "counts")] != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        stop.set()
        thread.join()
    return database


def test_it_holds_when_all_is_well_and_the_command_says_so(settings, database):
    report = run(settings, wait_s=10)
    assert report.holds, report.as_json()
    assert {check.name: check.expected for check in report.checks} == {
        "journal stored": 7,
        "receipts stored": 5,
        "counts stored": 13,
        "buckets stored": 0,
        "alerts stored": 0,
        "notifications stored": 0,
        "deliveries stored": 0,
        "answers stored": 0,
        "decisions stored": 0,
        "receipts match": 5,
        "entries answered": 5,
        "counts right": 13,
        "columns right": 25,
        "alerts shared": 0,
        "nothing aside": 0,
        "states small": 0,
    }
    said = CliRunner().invoke(verify, ["--json", "--wait", "5"], standalone_mode=False)
    assert said.return_value == 0
    assert json.loads(said.stdout)["holds"] is True
    shown = CliRunner().invoke(verify, ["--wait", "5"], standalone_mode=False)
    assert "everything is as promised" in shown.output
    assert "This does not prove:\n- the typed columns of 0 of 25 rows: 25 were read again" in shown.output
    asked = CliRunner().invoke(sql, ["SELECT case_no, mass_kg FROM seizures ORDER BY case_no;", "--format", "json"])
    assert json.loads(asked.stdout) == [{"case_no": "C-1", "mass_kg": 1.5}, {"case_no": "C-3", "mass_kg": 1.5}]
    assert CliRunner().invoke(sql, ["SELECT 1 AS one", "--format", "csv"]).output == '"one"\n1\n'
    assert "1 row" in CliRunner().invoke(sql, ["SELECT NULL AS nothing"]).output


@pytest.mark.parametrize(
    ("statement", "check", "figure"),
    [
        pytest.param("ALTER TABLE journal DELETE WHERE _offset = 3", "journal stored", "missing", id="a deleted row"),
        pytest.param("INSERT INTO journal SELECT * FROM journal WHERE _offset = 6", "journal stored", "doubled", id="a doubled row"),
        pytest.param("ALTER TABLE journal UPDATE _value = '{}' WHERE _offset = 6", "journal stored", "different", id="another content"),
        pytest.param(
            f"ALTER TABLE receipts UPDATE _value = if(_offset = 1, {of_offset(2)}, {of_offset(1)}) WHERE _offset IN (1, 2)",
            "receipts stored",
            "different",
            id="contents that have changed places",
        ),
        pytest.param(
            "INSERT INTO receipts (_topic) VALUES ('receipts.LA-CUSTOMS.v1')",
            "receipts stored",
            "foreign",
            id="a row of a topic that is not there",
        ),
        pytest.param(
            f"INSERT INTO journal (_topic, _partition) VALUES ('journal.v1', {LANES})", "journal stored", "foreign", id="of no partition"
        ),
        pytest.param(
            "INSERT INTO dead_letters (_topic, target) VALUES ('gone.v1', 'journal')",
            "journal stored",
            "foreign",
            id="a foreign dead letter",
        ),
        pytest.param(
            "INSERT INTO receipts (source_topic) VALUES ('in.LA-CUSTOMS.v1')", "receipts match", "foreign", id="a receipt for no agency"
        ),
        pytest.param(
            "INSERT INTO dead_letters (_topic, _partition, _offset, target)"
            " SELECT _topic, _partition, _offset, 'journal' FROM journal WHERE _offset = 6",
            "journal stored",
            "dead",
            id="a dead letter",
        ),
        pytest.param("ALTER TABLE receipts DELETE WHERE source_offset = 4", "receipts match", "missing", id="a message without a receipt"),
        pytest.param("INSERT INTO receipts SELECT * FROM receipts WHERE source_offset = 4", "receipts match", "doubled", id="two receipts"),
        pytest.param(
            "ALTER TABLE receipts UPDATE source_offset = 0 WHERE source_offset = 4",
            "receipts match",
            "foreign",
            id="a receipt for a control record",
        ),
        pytest.param("ALTER TABLE journal DELETE WHERE source_offset = 4", "entries answered", "missing", id="no entry"),
        pytest.param("ALTER TABLE receipts UPDATE outcome = 'stale' WHERE source_offset = 4", "entries answered", "foreign", id="no taker"),
        pytest.param("ALTER TABLE receipts UPDATE version = 9 WHERE source_offset = 4", "entries answered", "different", id="version"),
        pytest.param("ALTER TABLE journal UPDATE version = 0 WHERE source_offset = 4", "columns right", "different", id="an empty number"),
        pytest.param("ALTER TABLE journal UPDATE phase = '' WHERE source_offset = 4", "columns right", "different", id="an emptied text"),
        pytest.param("ALTER TABLE journal UPDATE mass_mg = 1 WHERE source_offset = 4", "columns right", "different", id="a wrong sum"),
        pytest.param("ALTER TABLE counts UPDATE cases = 2 WHERE window = '7d'", "counts right", "different", id="a wrong count"),
        pytest.param("ALTER TABLE counts DELETE WHERE window = 'phase'", "counts right", "different", id="a count that was never told"),
        pytest.param("ALTER TABLE counts UPDATE cases = 1 WHERE window = '1h'", "counts right", "different", id="a count that should be 0"),
    ],
)
def test_a_planted_error_is_found(settings, database, statement, check, figure):
    settings_of = "" if statement.startswith("INSERT") else " SETTINGS mutations_sync = 2"
    database.command(statement + settings_of)
    found = {one.name: one for one in run(settings, wait_s=1).checks}
    assert getattr(found[check], figure) > 0
    assert found[check].examples


def test_messages_that_a_skip_left_out_need_no_receipt_and_are_said(settings, database):
    database.command("ALTER TABLE receipts DELETE WHERE source_offset IN (3, 4) SETTINGS mutations_sync = 2")
    order = {"kind": "source", "agency": AGENCY, "order": {"action": "skip", "topic": INCOMING, "to": 5}}
    assert {one.name: one for one in run(settings, wait_s=1).checks}["receipts match"].missing == 2
    database.command(f"INSERT INTO journal (_topic, _value) VALUES ('{JOURNAL.name}', '{json.dumps(order)}')")
    report = run(settings, wait_s=1)
    assert {one.name: one for one in report.checks}["receipts match"].holds
    assert f"{INCOMING}: 2 messages have no receipt: `mekong skip` left them out" in report.notes


def test_it_holds_again_when_dead_letters_were_redriven(settings):
    broken = [replace(table, sound="r.version < 2") if table.name == "journal" else table for table in TABLES]
    filled(settings, broken, [5, 5, 13])
    before = {one.name: one for one in run(settings, wait_s=5).checks}
    assert (before["journal stored"].dead, before["journal stored"].holds) == (2, False)
    assert dead_letters(settings) == 2
    said = CliRunner().invoke(redrive, ["--json"], standalone_mode=False)
    assert (said.return_value, json.loads(said.stdout)) == (0, [{"table": "journal", "stored": 2, "refused": 0, "why": ""}])
    assert run(settings, wait_s=5).holds
    assert dead_letters(settings) == 0
    assert "no dead letters" in CliRunner().invoke(redrive, standalone_mode=False).output


def test_rows_of_a_topic_that_is_made_meanwhile_are_not_looked_at(settings, database, monkeypatch):
    others, topic = store.others, "receipts.LA-CUSTOMS.v1"

    def as_it_comes(*arguments):
        if not database.value(f"SELECT count() FROM receipts WHERE _topic = '{topic}'"):
            admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
            admin.create_topics([NewTopic(topic, 1, 1)])
            admin.close()
            database.command(f"INSERT INTO receipts (_topic, source_topic) VALUES ('{topic}', '{INCOMING}')")
        return others(*arguments)

    monkeypatch.setattr(store, "others", as_it_comes)
    found = {one.name: one for one in run(settings, wait_s=5).checks}
    assert found["receipts stored"].holds, found["receipts stored"]


def test_entries_that_watch_has_left_out_are_taken_off_the_counts(database):
    limit = {Source(JOURNAL.name, LANE): 7}
    assert check_counts(database, limit, limit, []).holds
    assert check_counts(database, limit, limit, [(LANE, 6), (LANE + 1, 2)]).holds  # behind the last tick, and of another partition
    found = check_counts(database, limit, limit, [(LANE, 2)])
    assert found.examples
    assert "cases, lines, mg are (1, 1, 1500000), should be (1, 1, 7)" in found.examples[0]


def test_the_command_ends_with_1_and_an_example_when_something_differs(settings, database):
    database.command("ALTER TABLE counts UPDATE cases = 2 WHERE window = '7d' SETTINGS mutations_sync = 2")
    said = CliRunner().invoke(verify, ["--wait", "1"], standalone_mode=False)
    assert said.return_value == 1
    assert "VN-CUSTOMS all groups 7d : cases, lines, mg are (2, 1, 1500000), should be (1, 1, 1500000)" in said.output


def test_what_the_sinks_have_not_stored_yet_is_named(settings):
    report = run(settings, wait_s=0)
    assert not report.holds
    assert f"table journal has not got journal.v1/{LANE} to its end" in report.pending


def test_a_cluster_without_topics_is_refused(settings, new_kafka, start_server, monkeypatch):
    start_server(new_kafka)
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", new_kafka.bootstrap)
    with pytest.raises(Refused, match=r"the topic journal\S* does not exist"):
        run(Settings())
