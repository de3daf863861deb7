"""Records a second of one worker process, and of the peers on the same work, in the same run, on the same broker.

The log is there already; measured is the time between the first and the last commit that a reader of committed records sees, so
starting a process is not in it, and validation, state and acknowledged outputs are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.ground import Ground, ground
from benchmarks.load import fill
from benchmarks.messages import AGENCIES
from benchmarks.peers import PEERS, Peer
from benchmarks.peers.install import install
from benchmarks.progress import Output, Rate, Weigh, partitions_of, read_all, reader
from benchmarks.table import table
from mekong.deploy.local.process import Process
from mekong.deploy.topics import admin_client
from mekong.schemas import wire
from mekong.schemas.topics import ALERTS, BUCKETS, COUNTS, JOURNAL, LANES, RECEIPTS, Topic

TARGET_PER_S = 15_000
OURS = "runs and lanes (this project)"
OUR_GUARANTEE = "exactly once: outputs, state and position in one transaction"
TARGET_RATIOS = {"intake": {"Quix Streams": 2.5, "Bytewax": 1.3}, "watch": {"Quix Streams": 4.0, "Bytewax": 1.3}}


class Result(NamedTuple):
    """One process on one kind of work."""

    name: str
    guarantee: str
    rate: Rate


def measure(messages: int, peers: Sequence[str], peer_s: float, said: Callable[[str], None] = print) -> dict[str, list[Result]]:
    """Kind of work -> our worker and each peer. A peer may take ``peer_s`` seconds: its rate shows by then."""
    chosen = [peer for peer in PEERS if peer.name in peers]
    if any(peer.needs_environment for peer in chosen):
        install(said)
    with ground() as here:
        here.register(AGENCIES)
        sent, size, took_s = fill(here.settings, messages)
        expected = sent + len(AGENCIES)  # each topic begins with a profile
        said(f"{sent:,} records of {size} bytes in {len(AGENCIES)} topics after {took_s:.0f} s")
        found: dict[str, list[Result]] = {"intake": [], "watch": []}
        found["intake"].append(_ours(here, "intake", JOURNAL.name, expected, None, said))
        weigh, journal = _by_ticks(here)
        found["watch"].append(_ours(here, "watch", COUNTS.name, journal, weigh, said))
        for work, expect, output, by in (("intake", expected, JOURNAL, None), ("watch", journal, COUNTS, weigh)):
            for peer in chosen:
                found[work].append(_theirs(here, peer, work, output, expect, by, peer_s, said))
    return found


def report(found: Mapping[str, Sequence[Result]]) -> str:
    """A table for each kind of work, with ratios."""
    parts = []
    for work, results in found.items():
        ours = results[0].rate
        rows = [
            [
                result.name,
                result.guarantee,
                f"{result.rate.per_s:,.0f}",
                f"{result.rate.per_cpu_s:,.0f}",
                "1" if result is results[0] else f"{ours.per_s / result.rate.per_s:.1f}",
                "" if result is results[0] else f"{ours.per_cpu_s / result.rate.per_cpu_s:.1f}",
                f"{result.rate.records:,} in {result.rate.wall_s:.1f} s",
            ]
            for result in results
        ]
        header = [work, "guarantee", "records/s", "per CPU second", "we are faster by", "per CPU second by", "measured"]
        parts.append(table(header, rows))
    return "\n\n".join(parts)


def targets(found: Mapping[str, Sequence[Result]]) -> list[tuple[str, str, str, bool]]:
    """Figure, target, measured, reached."""
    rows = []
    for work, results in found.items():
        ours = results[0].rate.per_s
        rows.append((f"{work}, records/s of one process", f"at least {TARGET_PER_S:,}", f"{ours:,.0f}", ours >= TARGET_PER_S))
        for peer, ratio in TARGET_RATIOS[work].items():
            best = max((result.rate.per_s for result in results[1:] if result.name.startswith(peer)), default=0.0)
            if best:
                rows.append((f"{work}, times the best of {peer}", f"at least {ratio:g}", f"{ours / best:.1f}", ours / best >= ratio))
    return rows


def _ours(here: Ground, work: str, topic: str, expected: int, weigh: Weigh | None, said: Callable[[str], None]) -> Result:
    output = Output(here.settings, topic, weigh)
    process = here.mekong("worker", work)
    rate = _followed(process, output, expected, 600.0)
    said(f"{work}: {OURS}: {rate.per_s:,.0f} records/s, {rate.per_cpu_s:,.0f} a CPU second")
    return Result(OURS, OUR_GUARANTEE, rate)


def _theirs(
    here: Ground, peer: Peer, work: str, like: Topic, expected: int, weigh: Weigh | None, at_most_s: float, said: Callable[[str], None]
) -> Result:
    prefix = f"{peer.name}."
    _make_topics(here, prefix)
    output = Output(here.settings, prefix + like.name, weigh)
    process = here.start(f"{peer.name}-{work}", peer.command(work, here.kafka.bootstrap, prefix, here.folder / f"{peer.name}-{work}"))
    rate = _followed(process, output, expected, at_most_s)
    said(f"{work}: {peer.title}: {rate.per_s:,.0f} records/s, {rate.per_cpu_s:,.0f} a CPU second")
    return Result(peer.title, peer.guarantee, rate)


def _followed(process: Process, output: Output, expected: int, at_most_s: float) -> Rate:
    try:
        return output.follow(process, expected, at_most_s)
    finally:
        output.close()
        process.stop()


def _make_topics(here: Ground, prefix: str) -> None:
    """The peer's outputs, the same as ours under names of its own."""
    from kafka.admin import NewTopic  # noqa: PLC0415 - beside its one use

    wanted = [(prefix + topic.name, topic) for topic in (JOURNAL, COUNTS, BUCKETS, ALERTS)]
    wanted += [(prefix + RECEIPTS.of(agency), RECEIPTS) for agency in AGENCIES]
    with admin_client(here.settings) as admin:
        there = set(admin.list_topics())
        new = [NewTopic(name, topic.partitions, 1, topic_configs=dict(topic.config)) for name, topic in wanted if name not in there]
        if new:
            admin.create_topics(new)
            admin.wait_for_topics([topic.name for topic in new])


def _by_ticks(here: Ground) -> tuple[Weigh, int]:
    """How many journal records a count stands behind, and how many all counts together stand behind."""
    consumer = reader(here.settings)
    ends: Any = consumer.end_offsets(partitions_of(consumer, JOURNAL.name))
    offsets: dict[int, list[int]] = {partition: [] for partition in range(LANES)}
    last_tick: dict[int, int] = {}
    for tp, record in read_all(consumer, ends):
        offsets[tp.partition].append(record.offset)
        if b'"kind":"tick"' in record.value[:20]:
            last_tick[tp.partition] = len(offsets[tp.partition])
    consumer.close()

    def weigh(partition: int, value: bytes) -> int:
        return bisect_right(offsets[partition], wire.load(value)["tick_offset"])

    return weigh, sum(last_tick.values())
