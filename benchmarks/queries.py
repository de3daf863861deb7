"""Measures the questions of an analyst on a large journal: ``.venv/bin/python -m benchmarks.queries --rows 10300000``.

The real intake folds 20,000 messages of 29 agencies, with corrections and withdrawals, and the sink stores their journal. ClickHouse then
copies these rows, each copy a week later and with cases of its own, until the journal has the number of rows. The server is the benchmark's
own, in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from benchmarks.messages import AGENCIES, seizure
from benchmarks.table import machine, table
from mekong.deploy.migration import scratch
from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, sign
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables.journal import TABLE
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from tests.fakes import Record

BASE, LANES, DAYS = 20_000, 8, 7
CORRECTED, WITHDRAWN = 0.03, 0.01
SECRET, START = b"secret", datetime(2016, 1, 4, tzinfo=UTC)
COPIES_AT_ONCE = 10
AGENCY = "VN-CUSTOMS"
OF_AGENCY = f"seizures WHERE agency = '{AGENCY}'"


class Question(NamedTuple):
    """What is asked, and how long it may take."""

    name: str
    goal_s: float
    sql: str


def questions(event_id: str, case_no: str) -> list[Question]:
    """The questions about a journal that has this case of ``AGENCY``."""
    return [
        Question("cases", 2, "SELECT count() FROM seizures"),
        Question("cases by month", 2, "SELECT toStartOfMonth(seized_day) AS month, count() FROM seizures GROUP BY month ORDER BY month"),
        Question(
            "lines and kg by month and group",
            2,
            "SELECT toStartOfMonth(seized_day) AS m, commodity_group, count(), sum(mass_kg) FROM seizure_lines GROUP BY ALL ORDER BY ALL",
        ),
        Question("one case by its event id", 0.05, f"SELECT * FROM case_by_id(id = '{event_id}')"),
        Question("one case by agency and number", 0.05, f"SELECT * FROM case_by_number(agency = '{AGENCY}', number = '{case_no}')"),
        Question("the same through seizures, by its event id", 2, f"SELECT * FROM seizures WHERE event_id = '{event_id}'"),
        Question("1,000 whole rows of an agency", 0.5, f"SELECT * FROM seizures WHERE agency = '{AGENCY}' LIMIT 1000"),
        Question("the newest 1,000 whole rows of it", 0.5, f"SELECT * FROM {OF_AGENCY} ORDER BY received_at DESC LIMIT 1000"),
        Question("cases as known in the middle", 2, "SELECT count() FROM seizures_as_of(known_at = '2020-01-01 00:00:00')"),
    ]  # fmt: skip


def fill(url: str, rows: int) -> None:
    """Store the first week, then copy it."""
    store_week(url)
    database = Database(url, within_s=3_600)
    copies = max(rows // BASE, 1)
    for first in range(1, copies, COPIES_AT_ONCE):
        database.command(copy(first, min(COPIES_AT_ONCE, copies - first)))
        say(f"{database.value('SELECT count() FROM journal'):,} rows")
    while database.value("SELECT count() FROM system.merges"):
        time.sleep(1)
    database.close()


def store_week(url: str) -> None:
    """The journal of a week, by the intake and the sink."""
    intake, draft, chance, at_ms = (
        Intake(Deployment(SECRET, clock_is_on=True)),
        Draft({}, {}),
        random.Random(1),
        int(START.timestamp() * 1_000),
    )
    offsets, sent, entries = dict.fromkeys(AGENCIES, 0), {}, {lane: [] for lane in range(LANES)}

    def fold(agency: str, value: bytes, now_ms: int, headers: tuple = ()) -> None:
        offsets[agency] += 1
        topic = f"in.{agency}.v1"
        for found in intake.fold(draft, topic, agency, [Record(offsets[agency], value, timestamp=now_ms, headers=headers)]):
            if found.entry:
                entries[crc32(topic.encode()) % LANES].append(wire.dump(found.entry))

    for agency in AGENCIES:
        profile = AgencyProfile(
            agency=agency, name=agency, kind="customs", country=agency[:2], region="Asia", utc_offset="+07:00", members=AGENCIES
        )
        value = wire.encode(profile)
        fold(agency, value, at_ms, ((CONTROL_HEADER, sign(SECRET, f"in.{agency}.v1", value)),))
    for number in range(BASE - len(AGENCIES)):
        at = START + timedelta(days=DAYS) * number / BASE
        message = changed(chance, sent) or seizure(number, chance, chance.choice(AGENCIES), at)
        if message["message_type"] == "seizure":
            sent[number] = message
        fold(message["agency"], wire.dump(message), int((at + timedelta(hours=3)).timestamp() * 1_000))
    write(url, entries)


def changed(chance: random.Random, sent: dict) -> dict | None:
    """Now and then a correction or withdrawal of a case that was sent."""
    dice = chance.random()
    if not sent or dice > CORRECTED + WITHDRAWN:
        return None
    number = chance.choice(list(sent))
    if dice < WITHDRAWN:
        gone = sent.pop(number)
        return {
            "message_type": "withdrawal",
            "schema_version": 1,
            "agency": gone["agency"],
            "case_no": gone["case_no"],
            "reason": "entered_in_error",
        }
    sent[number] = {**sent[number], "method_note": f"corrected {chance.random()}"}
    return {**sent[number], "message_type": "correction"}


def write(url: str, entries: dict[int, list[bytes]]) -> None:
    """The entries of each lane into the journal, in one block."""
    batches = [
        Batch(Source("journal.v1", lane), -1, list(range(len(values))), [0] * len(values), values) for lane, values in entries.items()
    ]
    database = Database(url)
    ClickHouseSink(database, TABLE).write(batches)
    database.close()


def copy(first: int, copies: int) -> str:
    """The statement that copies the first week so many times."""
    new_id = "reinterpretAsUUID(sipHash128(toString(event_id), copy))"
    replaced = {
        "_offset": f"_offset + copy * {BASE}",
        "_value": f"replaceOne(_value, toString(event_id), toString({new_id}))",
        "event_id": f"if(kind = 'version', {new_id}, event_id)",
        "case_no": "if(kind = 'version', concat(case_no, '-', toString(copy)), case_no)",
        **{name: f"{name} + toIntervalDay({DAYS} * copy)" for name in ("received_at", "seized_day", "seized_at", "reported_at")},
    }
    names = ["_topic", "_partition", "_offset", "_timestamp", "_value", *(column.name for column in TABLE.shape.stored)]
    cells = ", ".join(f"{replaced[name]} AS `new_{name}`" if name in replaced else f"`{name}`" for name in names)
    return f"""INSERT INTO journal ({", ".join(f"`{name}`" for name in names)})
SELECT {cells} FROM (SELECT * FROM journal WHERE _offset < {BASE} ORDER BY _topic, _partition, _offset) AS week
CROSS JOIN (SELECT number + {first} AS copy FROM numbers({copies})) AS copies
SETTINGS max_insert_threads = 1, max_threads = 2, max_execution_time = 0"""


def measure(url: str, runs: int) -> list[list[str]]:
    """A row for each question: goal, median and slowest of the runs."""
    database = Database(url, within_s=600)
    event_id, case_no = database.query(
        f"SELECT toString(event_id), case_no FROM seizures WHERE agency = '{AGENCY}' ORDER BY cityHash64(event_id) LIMIT 1"
    ).rows[0]
    rows = []
    for question in questions(event_id, case_no):
        times = []
        for _ in range(runs):
            began = time.perf_counter()
            database.text(question.sql, "Native")
            times.append(time.perf_counter() - began)
        median = statistics.median(times)
        rows.append(
            [question.name, shown(question.goal_s), shown(median), shown(max(times)), "yes" if median <= question.goal_s else "**no**"]
        )
    database.close()
    return rows


def shown(seconds: float) -> str:
    return f"{seconds * 1_000:,.0f} ms"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(url: str, runs: int) -> str:
    database = Database(url, within_s=600)
    rows, packed = database.query(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'journal'"
    ).rows[0]
    database.close()
    now = datetime.now(UTC).date().isoformat()
    load = os.getloadavg()[0]
    said = f"Measured {now} on: {machine()}. {rows:,} rows in `journal`, {packed / 1e9:.1f} GB on disk. Load average before: {load:.1f}."
    return f"{said}\n\n{table(['question', 'goal', f'median of {runs}', 'slowest', 'reached'], measure(url, runs))}"


def main() -> int:
    """Fill a server of its own, or take one that is filled, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queries", description="Measure an analyst's questions on a large journal.")
    parser.add_argument("--rows", type=int, default=10_300_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--url", help="of a database that an earlier run has filled: nothing is written into it")
    options = parser.parse_args()
    if options.url:
        print(report(options.url, options.runs))
        return 0
    with scratch() as server:
        migrate(server)
        fill(server, options.rows)
        print(report(server, options.runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
