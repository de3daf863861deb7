"""From an agency's ``send`` to the committed journal entry, and to the row in ClickHouse: all on one machine's monotonic clock.

The sender is the client that agencies embed (producers/outbox.py), one for all agencies here. A process of its own reads the journal
as any consumer does (committed records only) and notes when an entry is in its hands. Another asks ClickHouse again and again for the
highest offset of each partition: a row is there when the answer that shows it is, so up to one round is on top of its true latency.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from typing import Any, NamedTuple

from benchmarks.ground import ground, wait_for
from benchmarks.load import START
from benchmarks.messages import AGENCIES, seizures
from benchmarks.progress import partitions_of, reader
from benchmarks.table import table
from mekong.producers.outbox import Outbox
from mekong.schemas import wire
from mekong.schemas.errors import Fatal
from mekong.schemas.settings import settings
from mekong.schemas.topics import INCOMING, JOURNAL
from mekong.sinks.clickhouse.client import Database

BATCH = "latency"
WARM_UP = 0.1  # of the messages are sent first and not counted
SETTLE_S = 120.0
ASK_EVERY_S = 0.02
HIGHEST = "SELECT _partition, max(_offset) FROM journal GROUP BY _partition"
P50_MS, P99_MS, ROW_P99_MS = 100, 300, 2_000
Arrivals = dict[str, tuple[float, int, int]]
"""Case number -> when its entry arrived, its journal partition and offset."""
Seen = list[tuple[float, dict[int, int]]]
"""When ClickHouse said what its highest offset of each partition is."""


class Spread(NamedTuple):
    """Milliseconds."""

    p50: float
    p99: float
    most: float


class Latency(NamedTuple):
    """One run."""

    rate: int
    sent: int
    achieved: float
    """Messages a second that the sender kept up."""
    journal: Spread
    row: Spread | None


def measure(rate: int, seconds: float, *, with_clickhouse: bool) -> Latency:
    """Send ``rate`` messages a second, over all agencies in turn by chance. Raises Fatal when something does not come through."""
    with ground(clickhouse=with_clickhouse) as here:
        here.register(AGENCIES)
        wait_for(here.mekong("worker", "intake"), "ready")
        if with_clickhouse:
            wait_for(here.mekong("sink", "clickhouse"), "ready")
        with listening(read_journal) as journal, listening(_ask_clickhouse if with_clickhouse else None) as clickhouse:
            sent, achieved = send(list(seizures(int(rate * seconds), seed=7, start=START, step_s=1)), rate)
            arrivals: Arrivals = journal(len(sent))
            rows: Seen = clickhouse(arrivals) if with_clickhouse else []
    counted = list(sent.items())[int(len(sent) * WARM_UP) :]
    to_journal = [arrivals[case_no][0] - at for case_no, at in counted]
    to_row = _until_visible(counted, arrivals, rows) if rows else None
    return Latency(rate, len(counted), achieved, spread(to_journal), spread(to_row) if to_row else None)


def report(found: Sequence[Latency]) -> str:
    """A row for each run."""
    rows = []
    for one in found:
        row = one.row
        shown = [f"{row.p50:,.0f}", f"{row.p99:,.0f}", f"{row.most:,.0f}"] if row else ["-", "-", "-"]
        figures = [f"{one.journal.p50:,.0f}", f"{one.journal.p99:,.0f}", f"{one.journal.most:,.0f}", *shown]
        rows.append([f"{one.rate:,}/s", "intake and sink" if row else "intake", f"{one.sent:,}", f"{one.achieved:,.0f}/s", *figures])
    header = ["sent at", "running", "messages", "kept up", "journal p50 ms", "p99", "max", "ClickHouse p50 ms", "p99", "max"]
    return table(header, rows)


def targets(found: Sequence[Latency]) -> list[tuple[str, str, str, bool]]:
    """Figure, target, measured, reached."""
    rows = []
    for one in found:
        if one.row is None:
            p50, p99 = one.journal.p50, one.journal.p99
            reached = p50 <= P50_MS and p99 <= P99_MS
            want = f"p50 at most {P50_MS} ms, p99 at most {P99_MS} ms"
            rows.append((f"send to journal at {one.rate:,}/s", want, f"{p50:,.0f} ms, {p99:,.0f} ms", reached))
        else:
            p99 = one.row.p99
            rows.append((f"send to ClickHouse at {one.rate:,}/s", f"p99 at most {ROW_P99_MS:,} ms", f"{p99:,.0f} ms", p99 <= ROW_P99_MS))
    return rows


def spread(seconds: Sequence[float]) -> Spread:
    """Median, 99th percentile (nearest rank) and maximum."""
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)]
    return Spread(*(1_000 * value for value in (*at, ordered[-1])))


def send(messages: Sequence[tuple[str, bytes, bytes]], rate: int) -> tuple[dict[str, float], float]:
    """Send (agency, case number, message) at a rate. Case number -> when it was given to the client; and the rate kept up."""
    sent: dict[str, float] = {}
    with Outbox[str](settings(), BATCH) as outbox:
        for agency, key, value in _one_of_each():
            outbox.send(INCOMING.of(agency), key.decode(), value, key.decode(), headers=[])  # the client gets to know its topics
        outbox.flush()
        began = time.monotonic()
        for number, (agency, key, value) in enumerate(messages):
            pause = began + number / rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            case_no = key.decode()
            sent[case_no] = time.monotonic()
            outbox.send(INCOMING.of(agency), case_no, value, case_no)
            if number % 100 == 0:
                outbox.reports()
        took_s = time.monotonic() - began
        outbox.flush()
    return sent, len(sent) / took_s


def _one_of_each() -> Iterator[tuple[str, bytes, bytes]]:
    """A message of each agency, of an earlier day: no other message has its case number."""
    for agency in AGENCIES:
        _, key, value = next(seizures(1, agencies=(agency,), start=START - timedelta(days=400)))
        yield agency, key, value


def _until_visible(counted: Sequence[tuple[str, float]], arrivals: Arrivals, rows: Seen) -> list[float]:
    shown: dict[int, list[tuple[int, float]]] = {}
    for at, highest in rows:
        for partition, offset in highest.items():
            steps = shown.setdefault(partition, [])
            if not steps or steps[-1][0] < offset:
                steps.append((offset, at))
    found = []
    for case_no, at in counted:
        _, partition, offset = arrivals[case_no]
        found.append(next(seen for highest, seen in shown[partition] if highest >= offset) - at)
    return found


@contextmanager
def listening(listen: Callable[[Any, Any], None] | None) -> Iterator[Callable[[Any], Any]]:
    """``listen`` in a process of its own, listening. Call the result with what it waits for; it gives what it noted."""
    if listen is None:
        yield lambda _: None
        return
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=listen, args=(theirs, SETTLE_S), daemon=True)
    process.start()

    def answer() -> Any:
        if not ours.poll(SETTLE_S + 30):
            raise Fatal(f"{listen.__name__} gave no answer")
        found = ours.recv()
        if isinstance(found, str):
            raise Fatal(found)
        return found

    def finish(wanted: Any) -> Any:
        ours.send(wanted)
        return answer()

    try:
        answer()  # it listens now
        yield finish
    finally:
        process.terminate()
        process.join()


def read_journal(pipe: Any, settle_s: float) -> None:
    """Note each entry's arrival. Sends word when the agencies' profiles are in, so the worker serves; then, when asked, the arrivals."""
    consumer = reader(settings())
    consumer.assign(partitions_of(consumer, JOURNAL.name))
    arrivals: Arrivals = {}
    profiles = 0
    wanted, deadline = None, None
    while wanted is None or len(arrivals) < wanted:
        for tp, found in consumer.poll(20).items():
            now = time.monotonic()
            for record in found:
                entry = wire.load(record.value)
                if entry["kind"] == "version" and entry["batch"] == BATCH:
                    arrivals[entry["case_no"]] = (now, tp.partition, record.offset)
                elif entry["kind"] == "agency":
                    profiles += 1
                    if profiles == len(AGENCIES):
                        pipe.send(True)
        if wanted is None and pipe.poll():
            wanted, deadline = pipe.recv(), time.monotonic() + settle_s
        if deadline is not None and time.monotonic() > deadline:
            pipe.send(f"only {len(arrivals)} of {wanted} entries came")
            return
    pipe.send(arrivals)


def _ask_clickhouse(pipe: Any, settle_s: float) -> None:
    """Note what ClickHouse has. Sends word when it has anything; then, when told of entries, the notes as soon as all are in."""
    database = Database(settings().clickhouse())
    seen: Seen = []
    told = False
    wanted: dict[int, int] | None = None
    deadline = None
    while True:
        found = {int(partition): int(offset) for partition, offset in database.query(HIGHEST).rows}
        seen.append((time.monotonic(), found))
        if found and not told:
            told = True
            pipe.send(told)
        if wanted is None and pipe.poll():
            wanted, deadline = {}, time.monotonic() + settle_s
            for _, partition, offset in pipe.recv().values():
                wanted[partition] = max(offset, wanted.get(partition, 0))
        if wanted is not None and all(found.get(partition, -1) >= offset for partition, offset in wanted.items()):
            pipe.send(seen)
            return
        if deadline is not None and time.monotonic() > deadline:
            pipe.send(f"ClickHouse has {found} of {wanted}")
            return
        time.sleep(ASK_EVERY_S)
