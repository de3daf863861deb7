"""``mekong verify``: finds what in a deployment is not as promised, and says what its checks do not prove.

1. Every record of journal, counts, buckets and receipts is in ClickHouse exactly once, with the same content, and nothing else is.
2. The typed columns hold what the records say: a sample is read again.
3. Every message of an agency has exactly one receipt, and every receipt a message; every entry of the journal has its receipt.
4. The rolling counts equal what SQL over the versions gives.
5. Each member received every alert that it may see, once, and no other alert.
6. Every stage has reached the end, no record is set aside, and no value of a state is large.

The ends are fixed in the order of the flow: messages, then journal and receipts, then counts, buckets and alerts, then shared records,
then notifications. Each end is fixed after the stage before it has reached its own end. So the command can run while the exchange runs.
Records that arrive later are not checked.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mekong.deploy.health import notifier
from mekong.deploy.subscriptions import read_all
from mekong.deploy.verify import store
from mekong.deploy.verify.columns import check_columns
from mekong.deploy.verify.counts import check_counts
from mekong.deploy.verify.entries import check_entries
from mekong.deploy.verify.log import Log, Records, lasts
from mekong.deploy.verify.members import Sharing, check_members
from mekong.deploy.verify.report import Check, Report, compare
from mekong.deploy.verify.skipped import without_skipped
from mekong.deploy.verify.states import check_states
from mekong.schemas.aside import Aside, remaining
from mekong.schemas.control import CONTROL_HEADER, is_ours
from mekong.schemas.errors import Refused
from mekong.schemas.keys import Keys
from mekong.schemas.settings import Settings
from mekong.schemas.topics import (
    ALERTS,
    ANSWERS,
    ASIDE,
    BUCKETS,
    COUNTS,
    JOURNAL,
    NOTIFICATIONS,
    SUBSCRIPTIONS,
    agency_of,
    member_of,
    receipts_of,
)
from mekong.sinks.base import Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.tables import TABLES

_NOTHING = store.Stored(array("Q"), 0)
_TABLES = {table.name: table for table in TABLES}
NOT_PROVED = (
    "that a file of an agency has come in whole: only what is on its topic was looked at",
    "that the detectors raise what they should: an alert was only followed to the members that got it",
    "that each warning and each notification went to whom it should, and that its receiver has kept it",
)


class Facts(NamedTuple):
    """What was found on the topics."""

    topics: set[str]
    """Those there were."""
    messages: dict[Source, Records]
    outputs: dict[str, dict[Source, Records]]
    """The outputs by table."""
    commits: dict[Source, int]
    """The place of watch in the journal."""
    pending: list[str]
    sharing: Sharing
    aside: list[Aside]


def verify(settings: Settings, wait_s: float = 60.0, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Check everything; waits up to ``wait_s`` for what is on its way. Raises Refused when there is nothing to verify."""
    began = time.monotonic()
    log, database = Log(settings), Database(settings.clickhouse())
    try:
        facts = _read(settings, log, database, began + wait_s, tell)
        tell("comparing")
        others = {name: store.others(database, _TABLES[name], facts.outputs[name]) for name in _TABLES}
        answered = store.answered(database)
        young = log.topics() - facts.topics  # created since the start: their stored rows are not checked
        checks = [_check_stored(database, name, facts.outputs[name], others[name], young) for name in _TABLES]
        messages, skipped = without_skipped(facts.messages, answered, store.skipped(database))
        checks.append(_check_receipts(answered, messages, young))
        checks.append(check_entries(database, {source.topic: found.end for source, found in facts.messages.items()}))
        ends = {source: found.end for source, found in facts.outputs["journal"].items()}
        left_out = [(one.source_partition, one.source_offset) for one in facts.aside if one.stage == "watch"]
        checks.append(check_counts(database, facts.commits, ends, left_out))
        columns, not_proved = _check_columns(database)
        states, notes = check_states(log, facts.topics)
        notes += [f"{topic}: {number:,} messages have no receipt: `mekong skip` left them out" for topic, number in skipped.items()]
        checks += [columns, check_members(facts.sharing), _check_aside(facts.aside), states]
        not_proved += [] if settings.clock_is_on() else ["what members got: nothing is shared and sent where the clock is off"]
    finally:
        log.close()
        database.close()
    return Report(checks, facts.pending, time.monotonic() - began, notes, [*not_proved, *NOT_PROVED])


def _read(settings: Settings, log: Log, database: Database, deadline: float, tell: Callable[[str], None]) -> Facts:
    topics, sharing, live = log.topics(), Sharing(), settings.clock_is_on()
    if JOURNAL.name not in topics:
        raise Refused(f"the topic {JOURNAL.name} does not exist here: `mekong topics --create` makes it")
    incoming = {topic for topic in topics if agency_of(topic)}
    tell("reading the messages")
    messages = log.read(log.ends(incoming), _is_message(settings.control_keys()))
    _, pending = log.wait_for_group("intake", lasts(messages), deadline)
    tell("reading journal and receipts")
    receipts = {receipts_of(topic) for topic in incoming} & topics
    outputs = {"journal": log.read(log.ends([JOURNAL.name]), sharing.see_entry), "receipts": log.read(log.ends(receipts))}
    entries = lasts(outputs["journal"])
    commits, behind = log.wait_for_group("watch", entries, deadline)
    pending += behind + log.wait_for_group("network", entries, deadline)[1]
    aside = remaining(read_all(settings, ASIDE, Aside)) if ASIDE.name in topics else []
    sharing.aside = {(one.source_topic, one.source_partition, one.source_offset) for one in aside if one.stage == "share"}
    tell("reading counts, buckets and alerts")
    outputs |= {"counts": log.read(log.ends([COUNTS.name])), "buckets": log.read(log.ends([BUCKETS.name]))}
    outputs["alerts"] = log.read(log.ends({ALERTS.name} & topics), sharing.see_alert)
    if live:
        tell("reading what is shared and sent")
        pending += log.wait_for_group("share", entries | lasts(outputs["alerts"]), deadline)[1]
        shared = log.read(log.ends(filter(member_of, topics)), sharing.see_shared)
        asked = log.read(log.ends({SUBSCRIPTIONS.name, ANSWERS.name} & topics))
        pending += log.wait_for_group("notify", lasts(shared) | lasts(asked), deadline)[1]
        pending += _untried(settings, topics)
    else:
        sharing.alerts.clear()  # nobody has got any
    outputs |= {name: log.read(log.ends({table.topic.name} & topics)) for name, table in _TABLES.items() if name not in outputs}
    tell("waiting for the sinks")
    for name, found in outputs.items():
        pending += store.wait_for(database, _TABLES[name], lasts(found), deadline)
    return Facts(topics, messages, outputs, commits, pending, sharing, aside)


def _untried(settings: Settings, topics: set[str]) -> list[str]:
    """What the notifier should have tried by now."""
    found = notifier.look(settings) if {SUBSCRIPTIONS.name, NOTIFICATIONS.name} <= topics else None
    return [f"the notifier has not tried {found.waiting:,} notifications, {found.oldest}"] if found and found.oldest else []


def _check_columns(database: Database) -> tuple[Check, list[str]]:
    """The typed columns of every table; what was not looked at of them."""
    check = Check("columns right", "the typed columns of a sample of rows hold what their records say, read again in Python")
    unread = [name for table in TABLES for name in check_columns(database, table, check)]
    rows = sum(int(database.value(f"SELECT count() FROM {table.name}")) for table in TABLES)  # noqa: S608 - our own name
    said = [f"the typed columns of {rows - check.expected:,} of {rows:,} rows: {check.expected:,} were read again"] if rows else []
    return check, said + ([f"the columns {', '.join(unread)}: nobody has said how to read them again"] if unread else [])


def _check_aside(aside: list[Aside]) -> Check:
    """What is left out somewhere is not as promised, and nobody must look for it."""
    check = Check("nothing aside", "no worker has set a record aside")
    check.dead = len(aside)
    for one in aside:
        check.say(f"{one.stage} left out {one.source_topic}/{one.source_partition} offset {one.source_offset}: see `mekong aside list`")
    return check


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


def _is_message(keys: Keys) -> Callable[[Any], bool]:
    """Whether a record is an agency's: what the exchange wrote itself (ticks, profiles) is signed and gets no receipt."""

    def is_message(record: Any) -> bool:
        mac = dict(record.headers).get(CONTROL_HEADER)
        return mac is None or not is_ours(keys, record.timestamp, record.topic, record.value or b"", mac)

    return is_message
