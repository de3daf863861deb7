"""A state of a million cases: how long a worker needs from its start until it serves, and how much memory it then has.

The state is written by the lanes themselves (``Lane.replace``), so it lies in the topic as a worker leaves it, except that none of it
has been overwritten. Values are made by ``mekong.streams.core.intake``'s own ``Case``; each case has its ``same`` key beside it.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from aiokafka import TopicPartition
from kafka import KafkaProducer

from benchmarks.ground import Ground, ground, memory_mb, wait_for
from benchmarks.messages import AGENCIES, seizures
from benchmarks.progress import partitions_of, reader
from benchmarks.table import table
from mekong.deploy.registry import profile_of
from mekong.schemas import wire
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal
from mekong.schemas.topics import CASES, INCOMING, JOURNAL, LANES, lane_of
from mekong.streams.agents import AGENTS
from mekong.streams.app import connection
from mekong.streams.core.intake.cases import case_key, same_key
from mekong.streams.core.intake.control import profile_key
from mekong.streams.core.intake.identify import Case
from mekong.streams.core.intake.identity import HASH_FORMAT
from mekong.streams.lanes import Lane

TARGET_S, TARGET_MB = 15.0, 1_000
GIVE_UP_S = 300.0
_GROUPS = ("drug", "fauna", "timber", "precursor")


class Recovery(NamedTuple):
    """What a start on the state took."""

    cases: int
    keys: int
    state_mb: float
    """Keys and values."""
    lanes_s: float
    """The lanes alone, opened side by side."""
    ready_s: float
    """From the start of the process until it says that it is ready."""
    first_entry_s: float
    """From the start of the process until the entry of a message that waited for it is committed."""
    now_mb: float
    peak_mb: float


def measure(cases: int, said: Callable[[str], None] = print) -> Recovery:
    """Write a state of ``cases`` cases, and start a worker on it."""
    with ground() as here:
        here.register(AGENCIES)
        began = time.monotonic()
        keys, size = asyncio.run(_write(here, cases))
        said(f"state of {cases:,} cases: {keys:,} keys, {size / 1e6:,.0f} MB, written in {time.monotonic() - began:.0f} s")
        lanes_s = asyncio.run(_open(here))
        said(f"all lanes opened in {lanes_s:.1f} s")
        _send_one(here)
        consumer = reader(here.settings)
        consumer.assign(partitions_of(consumer, JOURNAL.name))
        began = time.monotonic()
        worker = here.mekong("worker", "intake")
        ready_s = wait_for(worker, "intake ready") - began
        while not consumer.poll(50):
            if worker.exit_code is not None or time.monotonic() - began > GIVE_UP_S:
                raise Fatal(f"the worker took nothing in:\n{worker.last_words(20)}")
        first_s = time.monotonic() - began
        consumer.close()
        time.sleep(2)
        return Recovery(cases, keys, size / 1e6, lanes_s, ready_s, first_s, *memory_mb(worker.pid))


def report(found: Recovery) -> str:
    """One row."""
    header = ["cases", "keys", "state MB", "lanes alone s", "start to ready s", "start to first entry s", "memory MB", "peak MB"]
    row = [f"{found.cases:,}", f"{found.keys:,}", f"{found.state_mb:,.0f}", f"{found.lanes_s:.1f}", f"{found.ready_s:.1f}"]
    return table(header, [[*row, f"{found.first_entry_s:.1f}", f"{found.now_mb:,.0f}", f"{found.peak_mb:,.0f}"]])


def targets(found: Recovery) -> list[tuple[str, str, str, bool]]:
    """Figure, target, measured, reached."""
    what = f"a state of {found.cases:,} cases"
    in_time, small = found.first_entry_s <= TARGET_S, found.peak_mb <= TARGET_MB
    return [
        (f"{what}, start to first entry", f"at most {TARGET_S:.0f} s", f"{found.first_entry_s:.1f} s", in_time),
        (f"{what}, memory of the worker", f"at most {TARGET_MB:,} MB", f"{found.now_mb:,.0f} MB, peak {found.peak_mb:,.0f} MB", small),
    ]


def entries(agency: str, cases: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one agency's state, as intake leaves them after its messages of one version each."""
    chance = random.Random(agency)
    yield profile_key(agency), wire.encode(profile_of(agency))
    for number in range(cases):
        case_no = f"{agency[:2]}/2026/{number:07d}"
        content = f"{HASH_FORMAT}:{hashlib.blake2b(f'{agency}/{case_no}'.encode(), digest_size=16).hexdigest()}"
        day, minute = f"2026-{chance.randint(1, 11):02d}-{chance.randint(1, 28):02d}", 29_600_000 + chance.randint(0, 400_000)
        groups = {chance.choice(_GROUPS): [1, chance.randint(1, 10**9)]}
        contribution = {"precision": "time", "day": day, "minute": minute, "phase": "OMD-VII", "groups": groups}
        yield case_key(agency, case_no), wire.dump(Case("case", "current", (content,), contribution).stored())
        yield same_key(agency, content), case_no.encode()


async def _write(here: Ground, cases: int) -> tuple[int, int]:
    keys = size = 0
    for number in range(LANES):
        mine = [agency for agency in AGENCIES if lane_of(INCOMING.of(agency)) == number]
        state = {key: value for agency in mine for key, value in entries(agency, cases // len(AGENCIES))}
        positions = {TopicPartition(INCOMING.of(agency), 0): 1 for agency in mine}  # behind the profile
        lane = await _lane(here, number).open()
        await lane.replace(state, positions)
        await lane.close()
        keys += len(state)
        size += sum(len(key) + len(value) for key, value in state.items())
    return keys, size


async def _open(here: Ground) -> float:
    began = time.monotonic()
    lanes = await asyncio.gather(*(_lane(here, number).open() for number in range(LANES)))
    took_s = time.monotonic() - began
    for lane in lanes:
        await lane.close()
    return took_s


def _lane(here: Ground, number: int) -> Lane:
    plan = AGENTS["intake"](here.settings)
    return Lane(number, TopicPartition(CASES.name, number), f"{plan.name}-{number}", connection(here.settings))


def _send_one(here: Ground) -> None:
    agency, _, value = next(iter(seizures(1, seed=9)))
    producer = KafkaProducer(**kafka_options(here.settings), acks="all")
    producer.send(INCOMING.of(agency), key=b"waiting", value=value.replace(b"/0000000", b"/waiting"))
    producer.close(30)
