"""A made journal of months with a tick a minute for each agency: what `mekong rebuild watch` needs to read it from its beginning.

python -m benchmarks.years [--days 365] [--agencies 29]     # a year of 29 agencies: 15.2 million ticks, some 3 GB in a temporary folder
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from kafka import KafkaProducer

from benchmarks.ground import Ground, cpu_s, ground
from benchmarks.messages import AGENCIES
from benchmarks.table import machine
from mekong.deploy.registry import profile_of
from mekong.schemas import wire
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal
from mekong.schemas.times import to_text
from mekong.schemas.topics import BUCKETS, INCOMING, JOURNAL, lane_of

START = datetime(2025, 1, 1, tzinfo=UTC)
CASES_A_DAY = 11  # of all agencies together, as in a phase
TARGET_S = 600.0
GIVE_UP_S = 3_600.0


def measure(days: int, agencies: int) -> tuple[int, float, float]:
    """Entries of the journal, seconds of the rebuild from the start of its process to its end, and its CPU seconds."""
    with ground() as here:
        codes = AGENCIES[:agencies]
        here.register(codes)
        entries = _write(here, days, codes)
        began, used = time.monotonic(), 0.0
        process = here.mekong("rebuild", "watch")
        while process.exit_code is None:
            if time.monotonic() - began > GIVE_UP_S:
                raise Fatal(f"the rebuild did not end:\n{process.last_words(20)}")
            used = max(used, cpu_s(process.pid))
            time.sleep(0.2)
        if process.exit_code:
            raise Fatal(f"the rebuild failed:\n{process.last_words(20)}")
        return entries, time.monotonic() - began, used


def _write(here: Ground, days: int, codes: list[str]) -> int:
    """The journal, and beside it the bucket that tells how far watch had come: its last tick in each partition."""
    producer = KafkaProducer(**kafka_options(here.settings), acks=1, linger_ms=50, batch_size=900_000, compression_type=None)
    last: dict[int, int] = {}
    entries = 0
    for code, entry in _journal(days, codes):
        partition = lane_of(INCOMING.of(code))
        value = wire.dump(entry)
        last[partition] = last.get(partition, -1) + 1
        producer.send(JOURNAL.name, value, key=code.encode(), partition=partition)
        entries += 1
    for partition, offset in last.items():
        told = {"format": 1, "agency": codes[0], "bucket": "day", "start": "2025-01-01", "revision": 0, "tick_offset": offset}
        value = wire.dump({**told, "closed_at": to_text(START), "cases": 0, "lines": 0, "mass_mg": 0})
        producer.send(BUCKETS.name, value, partition=partition)
    producer.flush()
    producer.close()
    return entries


def _journal(days: int, codes: list[str]) -> Iterator[tuple[str, dict[str, object]]]:
    for code in codes:
        profile = profile_of(code).model_dump(mode="json")
        yield code, {"kind": "agency", **_base(code, START), "profile": profile}
    number = 0
    for minute in range(days * 1_440):
        at = START + timedelta(minutes=minute)
        if minute * CASES_A_DAY // 1_440 > number:
            number = minute * CASES_A_DAY // 1_440
            code = codes[number * 7 % len(codes)]
            yield code, _case(code, number, at)
        for code in codes:
            yield code, {"kind": "tick", **_base(code, at), "at": to_text(at)}


def _base(code: str, at: datetime) -> dict[str, object]:
    return {"format": 1, "agency": code, "received_at": to_text(at), "source": {"topic": INCOMING.of(code), "offset": 0}}


def _case(code: str, number: int, at: datetime) -> dict[str, object]:
    counted = {"precision": "time", "day": at.date().isoformat(), "minute": int(at.timestamp()) // 60, "phase": None}
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "1", "unit": "kg", "quantity_kind": "exact"}
    enriched = {"lines": [{"code": "heroin", "name": "Heroin", "base_quantity": "1", "base_unit": "kg", "mass_mg": 1_000_000}]}
    return {
        "kind": "version",
        **_base(code, at),
        "event_id": f"00000000-0000-8000-8000-{number:012}",
        "case_no": str(number),
        "family": "case",
        "version": 1,
        "status": "current",
        "message_type": "seizure",
        "content_hash": "2:00",
        "content": {"seized_at": at.isoformat(), "lines": [line], "handling": {"tlp": "TLP:AMBER"}},
        "enriched": {"agency_kind": "customs", "agency_country": code[:2], "agency_region": "Asia", **enriched},
        "flags": [],
        "batch": None,
        "contribution": {**counted, "groups": {"drug": [1, 1_000_000]}},
        "supersedes": None,
    }


def main() -> int:
    """Measure and say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.years", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--agencies", type=int, default=29)
    options = parser.parse_args()
    entries, seconds, used = measure(options.days, options.agencies)
    reached = "reached" if seconds <= TARGET_S * options.days / 365 else "not reached"
    print(f"{machine()}: {entries:,} entries ({options.days} days of {options.agencies} agencies)")
    print(f"rebuilt in {seconds:,.0f} s ({used:,.0f} s of CPU), ", end="")
    print(f"{entries / seconds:,.0f} a second; 10 minutes for a year: {reached}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
