"""``mekong verify``: a deployment in, what is not as promised out.

1. Every record of journal, counts, buckets and receipts is in ClickHouse exactly once, with the same content, and nothing else is.
2. Every message of an agency has exactly one receipt, and every receipt a message.
3. The rolling counts equal what SQL over the versions gives.

Ends are fixed in the order of the flow, each after the part before it has come to its own: messages, then journal and receipts, then
counts and buckets. So it may run while the exchange does; what arrives later is not looked at.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from deploy.verify import store
from deploy.verify.counts import check_counts
from deploy.verify.log import Log, Records, lasts
from deploy.verify.report import Check, Report, compare
from schemas.control import CONTROL_HEADER, signed
from schemas.errors import Refused
from schemas.settings import Settings
from schemas.topics import BUCKETS, COUNTS, JOURNAL, agency_of, receipts_of
from sinks.base import Source
from sinks.clickhouse.client import Database
from sinks.clickhouse.tables import TABLES

_NOTHING = store.Stored(array("Q"), 0)
_TABLES = {table.name: table for table in TABLES}


class Facts(NamedTuple):
    """What was found on the topics."""

    topics: set[str]
    """Those there were."""
    messages: dict[Source, Records]
    outputs: dict[str, dict[Source, Records]]
    """By table."""
    commits: dict[Source, int]
    """How far watch has come on the journal."""
    pending: list[str]


def verify(settings: Settings, wait_s: float = 60.0, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Check everything; waits up to ``wait_s`` for what is on its way. Raises Refused when there is nothing to verify."""
    began = time.monotonic()
    log, database = Log(settings), Database(settings.clickhouse())
    try:
        facts = _read(settings, log, database, began + wait_s, tell)
        tell("comparing")
        others = {name: store.others(database, _TABLES[name], facts.outputs[name]) for name in _TABLES}
        answered = store.answered(database)
        young = log.topics() - facts.topics  # made since we began: what is stored of them is not looked at
        checks = [_check_stored(database, name, facts.outputs[name], others[name], young) for name in _TABLES]
        checks.append(_check_receipts(answered, facts.messages, young))
        checks.append(check_counts(database, facts.commits, {source: found.end for source, found in facts.outputs["journal"].items()}))
    finally:
        log.close()
        database.close()
    return Report(checks, facts.pending, time.monotonic() - began)


def _read(settings: Settings, log: Log, database: Database, deadline: float, tell: Callable[[str], None]) -> Facts:
    topics = log.topics()
    if JOURNAL.name not in topics:
        raise Refused(f"there is no topic {JOURNAL.name} here: `mekong topics --create` makes it")
    incoming = {topic for topic in topics if agency_of(topic)}
    tell("reading the messages")
    messages = log.read(log.ends(incoming), _is_message(settings.deployment_secret()))
    _, pending = log.wait_for_group("intake", lasts(messages), deadline)
    tell("reading journal and receipts")
    receipts = {receipts_of(topic) for topic in incoming} & topics
    outputs = {"journal": log.read(log.ends([JOURNAL.name])), "receipts": log.read(log.ends(receipts))}
    commits, behind = log.wait_for_group("watch", lasts(outputs["journal"]), deadline)
    tell("reading counts and buckets")
    outputs |= {"counts": log.read(log.ends([COUNTS.name])), "buckets": log.read(log.ends([BUCKETS.name]))}
    tell("reading alerts and notifications")
    outputs |= {name: log.read(log.ends({table.topic.name} & topics)) for name, table in _TABLES.items() if name not in outputs}
    tell("waiting for the sinks")
    pending += behind
    for name, found in outputs.items():
        pending += store.wait_for(database, _TABLES[name], lasts(found), deadline)
    return Facts(topics, messages, outputs, commits, pending)


def _check_stored(database: Database, name: str, found: dict[Source, Records], others: Mapping[Source, int], young: set[str]) -> Check:
    table = _TABLES[name]
    check = Check(f"{name} stored", f"each record of {table.topic.name} is in table {name} exactly once, as it is")
    ends = {source: records.end for source, records in found.items()}
    stored, dead = store.stored(database, table, ends), store.dead(database, table, ends)
    for source, records in found.items():
        where = f"{source.topic}/{source.partition}"
        has = stored.get(source, _NOTHING)
        compare(check, where, records.offsets, has.offsets, dead.get(source, _NOTHING).offsets)
        if records.offsets == has.offsets and has.checksum != records.checksum:
            check.different += 1
            check.say(f"{where}: the records stored are not those on the topic")
    _count_foreign(check, {f"{topic}/{number}": rows for (topic, number), rows in others.items() if topic not in young})
    return check


def _count_foreign(check: Check, rows: Mapping[str, int]) -> None:
    """Add rows of what is not among the topics."""
    for where, number in rows.items():
        check.found += number
        check.foreign += number
        check.say(f"{where}: {number:,} rows of no topic of this deployment")


def _check_receipts(answered: Mapping[str, array[int]], messages: dict[Source, Records], young: set[str]) -> Check:
    check = Check("receipts match", "each message of an agency has exactly one receipt, and each receipt a message")
    for source, records in messages.items():
        offsets = answered.get(source.topic, array("Q"))
        inside = offsets[bisect_left(offsets, records.first) : bisect_left(offsets, records.end)]
        compare(check, source.topic, records.offsets, inside, array("Q"))
    known = {source.topic for source in messages} | young
    _count_foreign(check, {topic: len(offsets) for topic, offsets in answered.items() if topic not in known})
    return check


def _is_message(secret: bytes) -> Callable[[Any], bool]:
    """Whether a record is an agency's: what the exchange wrote itself (ticks, profiles) is signed and gets no receipt."""

    def is_message(record: Any) -> bool:
        mac = dict(record.headers).get(CONTROL_HEADER)
        return mac is None or not signed(secret, record.topic, record.value or b"", mac)

    return is_message
