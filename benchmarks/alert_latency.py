"""From an agency's ``send`` of the record that crosses a critical count to the SPIKE on ``alerts.v1``, while much else flows.

Every agency first has ``QUIET_DAYS`` with a case now and then, so each series knows what is usual. Then the load comes: cases of which only
the month is known, until it is the agency's turn, one after the other; from then on cases of today. So series cross their critical count
all the time while the load flows, each once, on a record that the alert names by its journal offset. One machine's monotonic clock.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from benchmarks.ground import Ground, ground, wait_for
from benchmarks.latency import Spread, listening, read_journal, send, spread
from benchmarks.load import START, ticks
from benchmarks.messages import AGENCIES, seizure
from benchmarks.progress import partitions_of, reader
from benchmarks.table import table
from mekong.deploy.registry import profile_of
from mekong.producers.outbox import Outbox
from mekong.schemas import wire
from mekong.schemas.settings import settings
from mekong.schemas.topics import ALERTS, INCOMING

QUIET_DAYS = 60
P99_MS = 1_000
NO_MORE_S = 5.0
Place = tuple[int, int]
"""Journal partition and offset."""


class AlertLatency(NamedTuple):
    """One run."""

    rate: int
    alerts: int
    spread: Spread


def measure(rate: int, seconds: float) -> AlertLatency:
    """Send ``rate`` messages a second after the quiet days. Raises Fatal when something does not come through."""
    with ground() as here:
        here.register(AGENCIES)
        for worker in ("intake", "watch"):
            wait_for(here.mekong("worker", worker), "ready")
        with listening(read_journal) as journal, listening(_read_alerts) as alerts:
            _quiet(here)
            sent, _ = send(list(_load(int(rate * seconds))), rate)
            arrivals = journal(len(sent))
            raised: dict[Place, float] = alerts(None)
    entries = {arrivals[case_no][1:]: at for case_no, at in sent.items()}
    took = [at - entries[place] for place, at in raised.items() if place in entries]
    return AlertLatency(rate, len(took), spread(took))


def report(found: AlertLatency) -> str:
    """One row."""
    figures = [f"{value:,.0f}" for value in found.spread]
    return table(["sent at", "SPIKEs", "p50 ms", "p99", "max"], [[f"{found.rate:,}/s", f"{found.alerts}", *figures]])


def targets(found: AlertLatency) -> list[tuple[str, str, str, bool]]:
    """Figure, target, measured, reached."""
    p99 = found.spread.p99
    return [(f"send to SPIKE on alerts.v1 at {found.rate:,}/s", f"p99 at most {P99_MS:,} ms", f"{p99:,.0f} ms", p99 <= P99_MS)]


def _load(count: int) -> Iterator[tuple[str, bytes, bytes]]:
    """The messages of the busy day, in the order of sending."""
    chance, today = random.Random(5), START + timedelta(days=QUIET_DAYS, hours=12)
    for number in range(count):
        place = chance.randrange(len(AGENCIES))
        message = seizure(number, chance, AGENCIES[place], today)
        if number * (len(AGENCIES) + 1) < (place + 1) * count:
            message["seized_at"] = f"{today:%Y-%m}"
        yield AGENCIES[place], message["case_no"].encode(), json.dumps(message).encode()


def _quiet(here: Ground) -> None:
    """Days of a case now and then, with the ticks between them."""
    chance, number = random.Random(3), 10**6
    offsets = {agency: profile_of(agency).utc_offset for agency in AGENCIES}
    with Outbox[str](settings(), "quiet") as outbox:
        for day in range(QUIET_DAYS + 1):
            at = START + timedelta(days=day)
            for topic, _, value, headers in ticks(here.settings, offsets, at):
                outbox.send(topic, "", value, topic, headers=headers)
            for agency in AGENCIES if day < QUIET_DAYS else ():
                for _ in range(chance.randint(0, 2)):
                    number += 1
                    message = seizure(number, chance, agency, at + timedelta(hours=12))
                    outbox.send(INCOMING.of(agency), message["case_no"], json.dumps(message).encode(), message["case_no"])
            outbox.flush()
            outbox.reports()


def _read_alerts(pipe: Any, settle_s: float) -> None:
    """Note when each SPIKE that opens arrives. Sends word that it listens; when asked, waits until no more come, then the notes."""
    consumer = reader(settings())
    consumer.assign(partitions_of(consumer, ALERTS.name))
    raised: dict[Place, float] = {}
    pipe.send(True)
    asked, last = False, time.monotonic()
    deadline = None
    while not asked or (time.monotonic() - last < NO_MORE_S and time.monotonic() < (deadline or 0)):
        for tp, found in consumer.poll(20).items():
            last = time.monotonic()
            for record in found:
                alert = wire.load(record.value)
                if alert["kind"] == "SPIKE" and alert["state"] == "open":
                    raised.setdefault((tp.partition, alert["journal_offset"]), last)
        if not asked and pipe.poll():
            pipe.recv()
            asked, last, deadline = True, time.monotonic(), time.monotonic() + settle_s
    pipe.send(raised)
