"""Records of the topics in, typed rows and views of the real ClickHouse out."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from unittest.mock import ANY
from uuid import UUID

import pytest

from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile, Membership
from mekong.schemas.counts import Count
from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.journal import AgencyEntry, Enriched, EnrichedLine, Source, TickEntry, Version
from mekong.schemas.receipts import Receipt
from mekong.sinks import base
from mekong.sinks.clickhouse import migrate as migrating
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.redrive import Redriven, redrive
from mekong.sinks.clickhouse.sink import ClickHouseSink, DlqLimit
from mekong.sinks.clickhouse.table import Table
from mekong.sinks.clickhouse.tables import TABLES

JOURNAL = base.Source("journal.v1", 2)
BY_NAME = {table.name: table for table in TABLES}
EARLY, LATE = datetime(2026, 5, 4, 1, 2, 3, 456_000, UTC), datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def database(fresh_database: str) -> Database:
    migrate(fresh_database)
    return Database(fresh_database)


@pytest.fixture
def store(database: Database) -> Callable[..., ClickHouseSink]:
    def store(*values: bytes, table: str = "journal", source: base.Source = JOURNAL, limit: DlqLimit | None = None) -> ClickHouseSink:
        sink = ClickHouseSink(database, BY_NAME[table], limit)
        after = sink.positions([source])[source]
        offsets = list(range(after + 1, after + 1 + len(values)))
        sink.write([base.Batch(source, after, offsets, [1_780_000_000_000] * len(values), list(values))])
        return sink

    return store


def version(number: int, case: int = 1, *, received_at: datetime = EARLY, status: str = "current", **content: object) -> bytes:
    lines = [
        {"commodity_group": "drug", "substance_or_taxon": "ice", "quantity": "1.5", "unit": "kg", "quantity_kind": "exact"},
        {"commodity_group": "fauna", "substance_or_taxon": "Manis javanica", "quantity_kind": "unknown", "hs6": "010690"},
    ]
    withdrawn = status == "withdrawn"
    seized = {"seized_at": "2026-05-03T23:20:00+07:00", "country": "VN", "lines": lines, "detection_methods": ["scanning", "dog"]}
    route = [
        {"role": "origin", "country": "LA", "confidence": "alleged"},
        {"role": "destination", "country": "CN", "confidence": "confirmed"},
    ]
    return wire.encode(
        Version(
            event_id=UUID(int=case),
            agency="VN-CUSTOMS",
            case_no=f"C-{case}",
            family="case",
            version=number,
            status=status,
            message_type="withdrawal" if withdrawn else "seizure",
            received_at=received_at,
            source=Source(topic="in.VN-CUSTOMS.v1", offset=7),
            content_hash="1:00",
            content={"handling": {"tlp": "TLP:AMBER"}} if withdrawn else {**seized, "route": route, "value_amount": "12.5", **content},
            enriched=Enriched(
                agency_kind="customs",
                agency_country="VN",
                agency_region="Asia",
                country="VN",
                operation="OMD",
                phase="OMD-VII",
                lines=(
                    EnrichedLine(code="methamphetamine", name="Methamphetamine", hs6="293945", mass_mg=1_500_000),
                    EnrichedLine(code=None, name="x"),
                ),
            ),
            flags=("suspected_duplicate",),
        ),
    )


def one(database: Database, sql: str) -> dict[str, object]:
    answer = database.query(sql)
    assert len(answer.rows) == 1
    return dict(zip(answer.columns, answer.rows[0], strict=True))


def test_a_version_becomes_a_row_with_every_typed_column(database, store):
    store(version(1))
    row = one(database, "SELECT * FROM journal")
    expected = {
        "_topic": "journal.v1",
        "_partition": 2,
        "_offset": 0,
        "kind": "version",
        "event_id": UUID(int=1),
        "agency": "VN-CUSTOMS",
        "version": 1,
        "received_at": EARLY,
        "seized_precision": "time",
        "seized_day": date(2026, 5, 3),
        "seized_at": datetime(2026, 5, 3, 16, 20, tzinfo=UTC),
        "phase": "OMD-VII",
        "detection_methods": ["scanning", "dog"],
        "route.country": ["LA", "CN"],
        "origins": ["LA"],
        "destinations": ["CN"],
        "line_count": 2,
        "mass_mg": 1_500_000,
        "lines.commodity_group": ["drug", "fauna"],
        "lines.quantity": [Decimal("1.5"), None],
        "lines.hs6": ["293945", "010690"],
        "lines.mass_mg": [1_500_000, 0],
        "value_amount": Decimal("12.5"),
        "suspects": None,
        "flags": ["suspected_duplicate"],
        "batch": "",
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(str(row["_value"])) == json.loads(version(1))


@pytest.mark.parametrize(
    ("seized_at", "precision", "day"),
    [("2026", "year", date(2026, 1, 1)), ("2026-05", "month", date(2026, 5, 1)), ("2026-05-03", "day", date(2026, 5, 3))],
)
def test_a_date_keeps_its_precision(database, store, seized_at, precision, day):
    store(version(1, seized_at=seized_at))
    assert database.query("SELECT seized_precision, seized_day, seized_at FROM journal").rows == [(precision, day, None)]


def test_ticks_and_profiles_are_rows_too_and_the_latest_profile_counts(database, store):
    of = {"agency": "VN-CUSTOMS", "received_at": EARLY, "source": Source(topic="in.VN-CUSTOMS.v1", offset=0)}
    membership = Membership(operation="OMD", phase="OMD-VII", role="member", starts_on=date(2026, 4, 1), ends_on=date(2026, 9, 1))
    profile = {"agency": "VN-CUSTOMS", "kind": "customs", "country": "VN", "region": "Asia", "utc_offset": "+07:00"}
    entries = [
        AgencyEntry(**of, profile=AgencyProfile(**profile, name="Customs")),
        AgencyEntry(**of, profile=AgencyProfile(**profile, name="Viet Nam Customs", memberships=(membership,))),
        TickEntry(**of, at=LATE),
    ]
    store(*map(wire.encode, entries))
    assert database.query("SELECT name, kind, utc_offset, phases FROM agencies").rows == [
        ("Viet Nam Customs", "customs", "+07:00", ["OMD-VII"])
    ]
    assert database.query("SELECT tick_at FROM journal WHERE kind = 'tick'").rows == [(LATE,)]


def test_seizures_are_the_current_versions_that_were_not_withdrawn(database, store):
    store(version(1, 1), version(1, 2), version(2, 2, place="VN-HPH"), version(1, 3), version(2, 3), version(3, 3, status="withdrawn"))
    assert database.query("SELECT case_no, version, place FROM seizures ORDER BY case_no").rows == [("C-1", 1, ""), ("C-2", 2, "VN-HPH")]


def test_a_past_day_shows_what_was_known_then(database, store):
    store(version(1, 1), version(2, 1, received_at=LATE), version(1, 2), version(2, 2, status="withdrawn", received_at=LATE))
    known = "SELECT case_no, version FROM seizures_as_of(known_at = '{}') ORDER BY case_no"
    assert database.query(known.format("2026-08-31 00:00:00")).rows == [("C-1", 1), ("C-2", 1)]
    assert database.query(known.format("2026-09-01 00:00:00")).rows == [("C-1", 2)]
    assert database.query(known.format("2026-05-01 00:00:00")).rows == []


def test_lines_are_a_row_each_with_their_own_mass(database, store):
    store(version(1, 1), version(2, 1))
    rows = database.query("SELECT case_no, line, commodity_group, code, mass_kg FROM seizure_lines ORDER BY line").rows
    assert rows == [("C-1", 1, "drug", "methamphetamine", Decimal("1.5")), ("C-1", 2, "fauna", "", Decimal(0))]


def test_rejections_say_what_and_why(database, store):
    base_of = {"source_topic": "in.VN-CUSTOMS.v1", "agency": "VN-CUSTOMS", "received_at": EARLY}
    rejected = Receipt(
        **base_of, source_offset=4, outcome="rejected", reason="bad_date", field="seized_at", detail="no date", correlation_id="row 17"
    )
    accepted = Receipt(**base_of, source_offset=5, outcome="accepted", event_id=UUID(int=1), version=1, case_no="C-1")
    store(wire.encode(rejected), wire.encode(accepted), table="receipts", source=base.Source("receipts.VN-CUSTOMS.v1", 0))
    assert database.query("SELECT agency, reason, field, detail, source_offset FROM rejections").rows == [
        ("VN-CUSTOMS", "bad_date", "seized_at", "no date", 4),
    ]
    assert database.query("SELECT source_offset, correlation_id FROM receipts ORDER BY source_offset").rows == [(4, "row 17"), (5, "")]


def test_the_newest_count_of_a_series_is_current(database, store):
    of = {"agency": "VN-CUSTOMS", "window": "7d", "start": "", "as_of": EARLY, "lines": 2}
    counts = [
        Count(**of, commodity_group=None, tick_offset=5, cases=1, mass_mg=1),
        Count(**of, commodity_group=None, tick_offset=9, cases=3, mass_mg=2_500_000),
        Count(**of, commodity_group="drug", tick_offset=5, cases=1, mass_mg=1),
    ]
    store(*map(wire.encode, counts), table="counts", source=base.Source("counts.v1", 0))
    rows = database.query("SELECT commodity_group, cases, mass_kg FROM current_counts ORDER BY commodity_group").rows
    assert rows == [("", 3, Decimal("2.5")), ("drug", 1, Decimal("0.000001"))]


def test_every_table_view_and_column_is_explained(database):
    assert database.query("SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''").rows == []
    assert database.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''").rows == []


def test_refused_records_become_dead_letters_and_the_rest_goes_in(database, store):
    bad = [b"", b"no json", b'{"kind":"riddle","agency":"X"}', b'{"kind":"tick","agency":"X","received_at":"soon"}']
    sink = store(version(1, 1), bad[0], bad[1], version(1, 2), bad[2], version(1, 3), bad[3])
    assert database.query("SELECT _offset FROM journal ORDER BY _offset").rows == [(0,), (3,), (5,)]
    assert database.query("SELECT _offset, _value FROM dead_letters ORDER BY _offset").rows == [
        (offset, value.decode()) for offset, value in zip((1, 2, 4, 6), bad, strict=True)
    ]
    assert sink.positions([JOURNAL]) == {JOURNAL: 6}


def test_a_deploy_that_sends_everything_to_the_dead_letters_stops(store):
    with pytest.raises(Fatal, match="in a row"):
        store(*[b"{}"] * 8, limit=DlqLimit(in_a_row=5))


def test_a_sink_that_starts_again_knows_what_was_put_aside_before(database, store):
    for _ in range(3):
        with pytest.raises(Fatal, match="5 records in a row"):
            store(*[b"{}"] * 8, limit=DlqLimit(in_a_row=5))
    assert database.value("SELECT count() FROM dead_letters") == 4


def test_sound_records_behind_dead_letters_end_their_run_over_a_restart(database, store):
    for _ in range(3):
        store(*[b"{}"] * 4, version(1), limit=DlqLimit(in_a_row=5))
    assert database.value("SELECT count() FROM dead_letters") == 12


@pytest.fixture
def mended(monkeypatch) -> Callable[[], Table]:
    """A table whose first code took nothing that names this agency; calling it gives the mended one."""
    whole = BY_NAME["journal"]
    monkeypatch.setitem(BY_NAME, "journal", replace(whole, sound="r.agency != 'VN-CUSTOMS' OR r.version = 1"))
    return lambda: whole


def test_dead_letters_come_into_their_table_once_however_often_they_are_redriven(database, store, mended):
    sink = store(version(1), version(2), b"{}", version(3), version(1, 2))
    assert redrive(database, mended()) == Redriven("journal", stored=2, refused=1, why=ANY)
    assert redrive(database, mended()) == Redriven("journal", stored=0, refused=1, why=ANY)
    rows = database.query("SELECT _offset, version, _value FROM journal ORDER BY _offset").rows
    assert [(offset, number) for offset, number, _ in rows] == [(0, 1), (1, 2), (3, 3), (4, 1)]
    assert json.loads(rows[1][2]) == json.loads(version(2))
    assert database.query("SELECT _offset FROM dead_letters ORDER BY _offset").rows == [(1,), (2,), (3,)]
    assert sink.positions([JOURNAL]) == {JOURNAL: 4}


def test_a_redriving_that_was_killed_before_its_mark_adds_nothing_when_it_is_run_again(database, store, mended):
    store(version(2))
    redrive(database, mended())
    database.command("TRUNCATE TABLE redriven")
    assert redrive(database, mended()).stored == 1
    assert database.value("SELECT count() FROM journal") == 1


def test_redriving_waits_for_an_insert_of_the_sink(database, store, mended, fresh_database):
    store(version(2))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: redrive(Database(fresh_database), mended()), range(4)))
    assert sum(one.refused for one in found) == 0
    assert database.value("SELECT count() FROM journal") == 1


def test_what_a_person_has_had_redriven_no_longer_counts_for_the_limit(database, store):
    with pytest.raises(Fatal):
        store(*[b"{}"] * 5, limit=DlqLimit(in_a_row=5))
    assert redrive(database, BY_NAME["journal"]).refused == 4
    store(b"{}", version(1), limit=DlqLimit(in_a_row=5))
    assert database.value("SELECT max(_offset) FROM journal") == 5


def test_a_block_of_many_sources_is_one_part_however_large(database):
    sources = [base.Source("journal.v1", number) for number in range(8)]
    value = version(1)
    ClickHouseSink(database, BY_NAME["journal"]).write(
        [base.Batch(source, -1, list(range(9_000)), [0] * 9_000, [value] * 9_000) for source in sources],
    )
    events = database.query("SELECT count(), uniqExact(_partition, _offset) FROM journal").rows
    assert events == [(72_000, 72_000)]
    blocks = (
        "SELECT min_block_number = max_block_number FROM system.parts WHERE database = currentDatabase() AND table = 'journal' AND active"
    )
    assert database.query(blocks).rows == [(True,)]


def test_one_bad_record_leaves_nothing_of_its_block(database):
    sink = ClickHouseSink(database, BY_NAME["journal"], DlqLimit(in_a_row=1))
    batch = base.Batch(JOURNAL, -1, [0, 1], [0, 0], [b"{}", version(1)])
    with pytest.raises(Fatal):
        sink.write([batch])
    assert database.value("SELECT count() FROM journal") == 0


def test_migrating_again_does_nothing(fresh_database):
    assert migrate(fresh_database)
    assert migrate(fresh_database) == []


def test_a_migration_interrupted_before_its_ledger_row_is_run_again(fresh_database):
    migrate(fresh_database)
    Database(fresh_database).command("TRUNCATE TABLE migrations")
    assert len(migrate(fresh_database)) == len(migrating.migrations())


def test_an_applied_migration_that_was_changed_is_refused(fresh_database, monkeypatch):
    migrate(fresh_database)
    changed = [*migrating.migrations()[:-1], migrating.migrations()[-1]._replace(statement="SELECT 1")]
    monkeypatch.setattr(migrating, "migrations", lambda: changed)
    with pytest.raises(Refused, match="was changed after it was applied"):
        migrate(fresh_database)


def test_a_database_newer_than_the_code_is_refused(fresh_database, monkeypatch):
    migrate(fresh_database)
    older = migrating.migrations()[:-1]
    monkeypatch.setattr(migrating, "migrations", lambda: older)
    with pytest.raises(Refused, match="newer than the code"):
        migrate(fresh_database)


def test_a_question_cannot_change_anything(database):
    with pytest.raises(Refused, match="readonly"):
        database.text("DROP TABLE journal", "CSV")


@pytest.mark.parametrize("statement", ["INSERT INTO journal SELECT * FROM journal", "SELECT", "SELECT 1; SELECT 2"])
def test_what_is_wrong_with_a_question_is_said_of_the_question_alone(database, statement):
    with pytest.raises(Refused) as refused:
        database.text(statement, "CSV")
    assert "FORMAT" not in str(refused.value)
    assert "mekong" not in str(refused.value)
    assert database.text("SELECT 1", "CSV") == b"1\n"


def test_a_wrong_password_is_a_person_s_to_mend(fresh_database):
    with pytest.raises(Refused, match="user or password"):
        Database(fresh_database.replace(":test@", ":wrong@").replace(":x@", ":wrong@")).value("SELECT 1")


def test_a_missing_table_names_the_command_that_makes_it(fresh_database):
    Database(fresh_database, database="").command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", name=Database(fresh_database).name)
    with pytest.raises(Refused, match="mekong migrate"):
        ClickHouseSink(Database(fresh_database), BY_NAME["journal"]).positions([JOURNAL])
