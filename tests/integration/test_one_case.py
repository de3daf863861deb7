"""The quick ways to a case, and the views, beside the slow way: every version read one after the other, in random histories."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from mekong.schemas.errors import Retriable
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables.journal import TABLE
from tests.integration.test_sink_tables import version

START = datetime(2026, 5, 4, 1, 2, 3, tzinfo=UTC)
LANES, CASES, ENTRIES, LOOKED_AT = 3, 40, 300, 10
SHOWN = "event_id, agency, case_no, version, place, received_at"


@pytest.fixture
def database(fresh_database):
    migrate(fresh_database)
    return Database(fresh_database)


def history(chance: random.Random) -> list[tuple[int, dict]]:
    """Lane and entry of each version: cases are corrected, withdrawn, and sent again after it; a few versions are lost on the way.

    Now and then the broker's clock is put back.
    """
    versions = dict.fromkeys(range(1, CASES + 1), 0)
    found, at = [], START
    for _ in range(ENTRIES):
        case = chance.randint(1, CASES)
        versions[case] += 1
        at += timedelta(milliseconds=chance.choice((1, 1_000, 60_000, -30_000)))
        if chance.random() < 0.03:
            continue  # it became a dead letter
        status = "withdrawn" if versions[case] > 1 and chance.random() < 0.3 else "current"
        found.append((case % LANES, {"number": versions[case], "case": case, "status": status, "received_at": at}))
    return found


def store(database: Database, entries: list[tuple[int, dict]], chance: random.Random) -> None:
    """Into the journal, in blocks of any size; each block is sent twice, as after an answer that was lost."""
    sink, after = ClickHouseSink(database, TABLE), dict.fromkeys(range(LANES), -1)
    while entries:
        size = chance.choice((5, 25, 100))
        block, entries = entries[:size], entries[size:]
        batches = []
        for lane in range(LANES):
            values = [record(**entry) for at, entry in block if at == lane]
            if values:
                offsets = list(range(after[lane] + 1, after[lane] + 1 + len(values)))
                batches.append(Batch(Source("journal.v1", lane), after[lane], offsets, [0] * len(values), values))
                after[lane] = offsets[-1]
        sink.write(batches)
        with pytest.raises(Retriable):
            sink.write(batches)


def record(number: int, case: int, status: str, received_at: datetime) -> bytes:
    content = {} if status == "withdrawn" else {"place": f"VN-{number}"}
    return version(number, case, status=status, received_at=received_at, **content)


def slow(entries: list[tuple[int, dict]], moment: datetime | None = None) -> dict[int, tuple[int, datetime]]:
    """Version and time of each case that is known, by reading one entry after the other."""
    newest: dict[int, dict] = {}
    for _, entry in entries:
        if moment is None or entry["received_at"] <= moment:
            before = newest.get(entry["case"])
            if before is None or entry["number"] > before["number"]:
                newest[entry["case"]] = entry
    return {case: (entry["number"], entry["received_at"]) for case, entry in newest.items() if entry["status"] == "current"}


def rows_of(found: dict[int, tuple[int, datetime]]) -> list[tuple]:
    return sorted((UUID(int=case), "VN-CUSTOMS", f"C-{case}", number, f"VN-{number}", at) for case, (number, at) in found.items())


@pytest.mark.parametrize("seed", range(2))
def test_each_way_to_a_case_gives_what_reading_all_versions_gives(database, seed):
    chance = random.Random(seed)
    entries = history(chance)
    store(database, entries, chance)
    now = slow(entries)
    assert 0 < len(now) < CASES
    assert sorted(database.query(f"SELECT {SHOWN} FROM seizures").rows) == rows_of(now)
    gone = sorted(set(range(1, CASES + 1)) - now.keys())
    for case in [*chance.sample(sorted(now), LOOKED_AT), *chance.sample(gone, min(len(gone), 3))]:
        expected = rows_of({case: now[case]} if case in now else {})
        for way in (
            f"case_by_id(id = '{UUID(int=case)}')",
            f"case_by_number(agency = 'VN-CUSTOMS', number = 'C-{case}')",
            f"seizures WHERE event_id = '{UUID(int=case)}'",
            f"seizures WHERE agency = 'VN-CUSTOMS' AND case_no = 'C-{case}'",
        ):
            assert database.query(f"SELECT {SHOWN} FROM {way}").rows == expected, way
    moments = [entry["received_at"] + timedelta(milliseconds=chance.choice((-1, 0, 1))) for _, entry in chance.sample(entries, 6)]
    for moment in moments:
        expected, text = rows_of(slow(entries, moment)), f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
        known = f"(received_at <= '{text[:-1]}' AND (known_until IS NULL OR known_until > '{text[:-1]}'))"
        assert sorted(database.query(f"SELECT {SHOWN} FROM seizures_as_of(known_at = '{text}')").rows) == expected
        assert sorted(database.query(f"SELECT {SHOWN} FROM seizure_versions WHERE {known}").rows) == expected


def test_an_index_finds_a_case_that_was_stored_before_there_was_one(database, fresh_database):
    database.command("ALTER TABLE journal DROP INDEX by_event, DROP INDEX by_case")
    store(database, [(0, {"number": 1, "case": 7, "status": "current", "received_at": START})], random.Random(1))
    database.command("TRUNCATE TABLE migrations")
    migrate(fresh_database)
    store(database, [(1, {"number": 1, "case": 8, "status": "current", "received_at": START})], random.Random(1))
    for case in (7, 8):
        assert database.query(f"SELECT count() FROM case_by_id(id = '{UUID(int=case)}')").rows == [(1,)]


def test_the_index_of_a_case_passes_over_parts_that_do_not_have_it(database):
    entries = [(0, {"number": 1, "case": case, "status": "current", "received_at": START}) for case in range(1, 30)]
    store(database, entries, random.Random(3))
    for where in (f"event_id = '{uuid4()}'", "agency = 'VN-CUSTOMS' AND case_no = 'C-99'"):
        plan = "\n".join(line for (line,) in database.query(f"EXPLAIN indexes = 1 SELECT * FROM journal WHERE {where}").rows)
        assert "Granules: 0/" in plan, plan


@pytest.mark.parametrize(
    "moment",
    [
        "2026-09-15T00:00:00.000Z",
        "2026-09-15T00:00:00Z",
        "2026-09-15T07:00:00+07:00",
        "2026-09-15T07:00:00.000+07:00",
        "2026-09-15 00:00:00",
        "2026-09-15 00:00:00.000",
        "2026-09-15 00:00",
        "2026-09-15",
    ],
)
def test_a_past_moment_is_written_as_in_the_topics_or_as_in_sql(database, moment):
    at = datetime(2026, 9, 15, tzinfo=UTC)
    entries = [
        (0, {"number": 1, "case": 1, "status": "current", "received_at": at}),
        (0, {"number": 1, "case": 3, "status": "current", "received_at": at + timedelta(milliseconds=1)}),
    ]
    store(database, entries, random.Random(2))
    rows = database.query(f"SELECT case_no, mass_kg FROM seizures_as_of(known_at = '{moment}')").rows
    assert rows == [("C-1", Decimal("1.5"))]


@pytest.mark.parametrize("moment", ["soon", "", "1", "2026", "15/09/2026", "2026-13-01", "2026-09-15T00:00:00.000Z OR 1", "now()"])
def test_what_is_not_a_moment_is_refused_with_an_example(database, moment):
    with pytest.raises(Exception, match=r"write a moment as 2026-09-15T00:00:00\.000Z"):
        database.query(f"SELECT count() FROM seizures_as_of(known_at = '{moment}')")
