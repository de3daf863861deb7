"""Retries the records that a worker has set aside: it folds them again with the code of today (``mekong aside retry``).

The lane is opened as for a rebuild, which fences off the worker. Then each group of records that belong together is folded on the lane's
state, in their order. One transaction commits the result and the record that reports the retry. A group that still fails stays aside. The
positions of the lane do not change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ProducerFenced

from mekong.schemas import wire
from mekong.schemas.aside import Aside, Cause, remaining
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ASIDE
from mekong.streams.app import Plan, connection
from mekong.streams.aside import Guarded, all_of
from mekong.streams.core import aside
from mekong.streams.core.draft import Draft
from mekong.streams.lanes import Changes, Lane, Output, Outputs

log = logging.getLogger(__name__)
_WITHIN_MS = 30_000


class RetryCounts(NamedTuple):
    """How many records had which result."""

    again: int
    """Folded again with success."""
    still: int
    """Still aside: the code fails on them as before."""
    over: int
    """Profiles, wishes, answers, and ticks without counts. They are not folded again: a later one has replaced them, or they must be sent
    again."""


def retry(plan: Plan, settings: Settings) -> RetryCounts:
    """Fold again what the plan's worker has set aside. Raises Retriable when a running worker opened a lane again."""
    return asyncio.run(_retry(plan, settings))


async def _retry(plan: Plan, settings: Settings) -> RetryCounts:
    options = connection(settings)
    left = remaining(await all_of(plan.name, options))
    contents = await _read(left, options)
    found = RetryCounts(0, 0, 0)
    by_lane: dict[int, list[Aside]] = {}
    for one in left:
        by_lane.setdefault(plan.lane_of(_source(one)), []).append(one)
    for number, records in sorted(by_lane.items()):
        lane = await Lane(number, TopicPartition(plan.state, number), f"{plan.name}-{number}", options).open()  # from here on nobody writes
        try:
            if lane.is_half():
                raise Refused(f"{lane.name}: its state was replaced only in part. Run `mekong rebuild {plan.name}` first.")
            if plan.opened is not None:
                await plan.opened(lane, options)
            for group in groups(records):
                taken = await _take(plan, lane, group, _still_aside(records, group), contents)
                found = RetryCounts(*map(sum, zip(found, taken, strict=True)))
                if not taken.still:
                    records = [one for one in records if one not in group]  # noqa: PLW2901 - what is aside now
        except ProducerFenced as exc:
            raise Retriable(f"lane {number} of {plan.name} was opened by a running worker: stop the workers first", 1.0) from exc
        finally:
            await lane.close()
    return found


def groups(records: Iterable[Aside]) -> list[list[Aside]]:
    """Groups of records that belong together, each in its order. A record without keys is a group of its own."""
    found: list[list[Aside]] = []
    by_key: dict[str, list[Aside]] = {}
    for one in records:
        if not one.keys:
            found.append([one])
        elif one.keys[0] in by_key:
            by_key[one.keys[0]].append(one)
        else:
            by_key[one.keys[0]] = [one]
            found.append(by_key[one.keys[0]])
    return found


def take_up(
    plan: Plan, state: Mapping[bytes, bytes], group: list[Aside], keys: Iterable[str], records: Iterable[Any]
) -> tuple[Outputs, Changes]:
    """Fold a group on a state; returns its outputs and changes. Then ``keys`` are not aside any more. Raises what the fold raises."""
    assert isinstance(plan.fold, Guarded)  # noqa: S101 - only such a worker sets aside
    changes: Changes = {}
    outputs: Outputs = {}
    aside.forget(Draft(state, changes), keys)
    for one, record in zip(group, records, strict=True):
        if one.keys:
            for where, rows in plan.fold.alone(state, changes, _source(one), record).items():
                outputs.setdefault(where, []).extend(rows)
        said = one.model_copy(update={"cause": Cause.RETRIED})
        outputs.setdefault((ASIDE.name, 0), []).append(Output(plan.name.encode(), wire.encode(said)))
    return outputs, changes


async def _take(plan: Plan, lane: Lane, group: list[Aside], keys: Iterable[str], contents: Mapping[Any, Any]) -> RetryCounts:
    """Fold one group again, in a transaction of its own."""
    try:
        outputs, changes = take_up(plan, lane.state, group, keys, [contents[_source(one), one.source_offset] for one in group])
    except aside.NOT_OF_THE_RECORD:
        raise
    except Exception:
        log.exception("%s still fails on %s/%d offset %d", plan.name, *_source(group[0]), group[0].source_offset)
        return RetryCounts(0, len(group), 0)
    await lane.add(outputs, changes)
    return RetryCounts(len(group), 0, 0) if group[0].keys else RetryCounts(0, 0, 1)


def _still_aside(records: Iterable[Aside], group: list[Aside]) -> list[str]:
    """The keys of a group, except those that another record which is still aside has."""
    others = {key for one in records if one not in group for key in one.keys}
    return sorted({key for one in group for key in one.keys} - others)


async def _read(left: Iterable[Aside], options: Mapping[str, Any]) -> dict[tuple[TopicPartition, int], Any]:
    """Read the records from their topics. Raises Fatal when a record does not exist any more."""
    found: dict[tuple[TopicPartition, int], Any] = {}
    reader = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False)
    await reader.start()
    try:
        for one in left:
            source = _source(one)
            reader.assign([source])
            reader.seek(source, one.source_offset)
            polled = await reader.getmany(timeout_ms=_WITHIN_MS, max_records=1)
            record = next(_records(polled), None)
            if record is None or record.offset != one.source_offset:
                raise Fatal(f"{source.topic}/{source.partition} has no record at offset {one.source_offset} any more")
            found[source, one.source_offset] = record
    finally:
        await reader.stop()
    return found


def _records(polled: Mapping[Any, list[Any]]) -> Iterator[Any]:
    return (record for records in polled.values() for record in records)


def _source(one: Aside) -> TopicPartition:
    return TopicPartition(one.source_topic, one.source_partition)
