"""Wraps the fold of a stage. The wrapped fold sets aside the records on which the fold fails, and continues with the next record.

When a run fails, its records are folded again one by one, each on the state before it. So a failed record leaves nothing behind: not in
the state, and not in what the fold keeps during a run. A record that also fails alone is set aside in the transaction of its run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.aside import Aside, Cause, remaining
from mekong.schemas.errors import Fatal
from mekong.schemas.log_ids import ids_of
from mekong.schemas.record import YEARS
from mekong.schemas.times import from_ms
from mekong.schemas.topics import ASIDE, MOST_BYTES
from mekong.streams.core import aside
from mekong.streams.core.belongs import Belongs
from mekong.streams.core.draft import Draft
from mekong.streams.lanes import Changes, Fold, Output, Outputs, State
from mekong.streams.stored import stored

log = logging.getLogger(__name__)

Find = Callable[[TopicPartition, dict[str, Any]], Belongs]
"""(source, JSON value of a record; empty when it cannot be read) -> what the record belongs to."""
_AT = ("received_at", "raised_at", "changed_at", "at")


class TooLarge(Exception):  # noqa: N818 - named for what happened
    """An output is larger than its topic accepts."""


@dataclass(frozen=True)
class Guarded:
    """The fold of a stage. Raises Fatal after too many failures in a row."""

    stage: str
    fold: Fold
    find: Find

    def __call__(self, state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        """Fold ``records`` in order, except those that belong to a key which is aside."""
        draft, outputs = Draft(state, changes), Outputs()
        going = records
        if aside.has_any(draft):
            going = [record for record in records if not aside.is_aside(draft, self._belongs(source, record).follows)]
        made = self._whole(state, changes, source, going)
        if made is None:
            for record in records:
                _add(outputs, self._one(state, changes, source, record))
            return outputs
        _add(outputs, made)
        if going:
            aside.went_well(draft)
        if len(going) < len(records):
            here = {record.offset for record in going}
            for record in records:
                if record.offset not in here:
                    _add(outputs, self._set_aside(draft, source, record, None))
        return outputs

    def _whole(self, state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs | None:
        """All records at once; None when one of them fails."""
        try:
            return self._attempt(state, changes, source, records) if records else {}
        except aside.NOT_OF_THE_RECORD:
            raise
        except Exception as exc:  # noqa: BLE001 - the edge of a run: which record is it?
            log.info("%s fails on a run of %s/%d and folds its records one by one: %r", self.stage, source.topic, source.partition, exc)
            return None

    def _one(self, state: State, changes: Changes, source: TopicPartition, record: Any) -> Outputs:
        """Fold one record. It is set aside when it fails alone, or when it follows a record that is aside."""
        draft = Draft(state, changes)
        if aside.has_any(draft) and aside.is_aside(draft, self._belongs(source, record).follows):
            return self._set_aside(draft, source, record, None)
        try:
            outputs = self._attempt(state, changes, source, [record])
        except aside.NOT_OF_THE_RECORD:
            raise
        except Exception as exc:
            where = f"{source.topic}/{source.partition} offset {record.offset}"
            if aside.failed(draft) >= aside.MOST_IN_A_ROW:
                raise Fatal(f"{self.stage} failed on {aside.MOST_IN_A_ROW} records in a row; the last is {where}") from exc
            log.exception("%s set aside %s", self.stage, where, extra=self._ids(source, record))
            return self._set_aside(draft, source, record, exc)
        aside.went_well(draft)
        return outputs

    def alone(self, state: State, changes: Changes, source: TopicPartition, record: Any) -> Outputs:
        """Fold one record, even when its keys are aside. Raises what the fold raises."""
        return self._attempt(state, changes, source, [record])

    def _attempt(self, state: State, changes: Changes, source: TopicPartition, records: Sequence[Any]) -> Outputs:
        """Fold on top of ``changes``, and add to ``changes`` only when the fold succeeds."""
        tried: Changes = {}
        outputs = self.fold(_Over(state, changes) if changes else state, tried, source, records)
        for (topic, _), rows in outputs.items():
            if any(len(row.value) > MOST_BYTES for row in rows if row.value is not None):
                raise TooLarge(f"a record for {topic} is larger than {MOST_BYTES} bytes")
        changes.update(tried)
        return outputs

    def _set_aside(self, draft: Draft, source: TopicPartition, record: Any, exc: Exception | None) -> Outputs:
        value = _value(record)
        found = Aside(
            stage=self.stage,
            source_topic=source.topic,
            source_partition=source.partition,
            source_offset=record.offset,
            cause=Cause.FAILED if exc else Cause.FOLLOWS,
            keys=self.find(source, value).keys,
            agency=aside.said(value, "agency") or aside.said(value, "member"),
            case_no=_case_no(value),
            error=type(exc).__name__ if exc else None,
            place=aside.place_of(exc) if exc else None,
            at=_at(value, record),
        )
        aside.remember(draft, found.keys, source.topic, source.partition, record.offset)
        return {(ASIDE.name, 0): [Output(self.stage.encode(), wire.encode(found))]}

    def _ids(self, source: TopicPartition, record: Any) -> dict[str, Any]:
        place = {"stage": self.stage, "topic": source.topic, "partition": source.partition, "offset": record.offset}
        return {**place, **ids_of(record.value)}

    def _belongs(self, source: TopicPartition, record: Any) -> Belongs:
        return self.find(source, _value(record))


class LeftOut(NamedTuple):
    """The records that a stage left out at their offsets. A rebuild leaves out the same, and folds the retried ones after the others."""

    aside: Mapping[TopicPartition, Mapping[int, tuple[str, ...]]]
    """The records that are still aside: source -> offset -> keys."""
    retried: Mapping[TopicPartition, Collection[int]]
    """The records that were retried with success: source -> offsets."""

    def without(self, source: TopicPartition, records: Sequence[Any]) -> Sequence[Any]:
        """The records that were not left out."""
        aside, retried = self.aside.get(source, {}), self.retried.get(source, ())
        return [one for one in records if one.offset not in aside and one.offset not in retried] if aside or retried else records

    def again(self, source: TopicPartition, records: Sequence[Any]) -> list[Any]:
        """The records that were retried with success."""
        retried = self.retried.get(source, ())
        return [one for one in records if one.offset in retried] if retried else []

    def last(self, source: TopicPartition) -> int:
        """Offset of the last record of a source that was left out; -1 when there is none."""
        return max((*self.aside.get(source, ()), *self.retried.get(source, ())), default=-1)

    def remember(self, draft: Draft, sources: Iterable[TopicPartition]) -> None:
        """Mark the keys of all records of ``sources`` that are aside."""
        for source in sources:
            for offset, keys in self.aside.get(source, {}).items():
                aside.remember(draft, keys, source.topic, source.partition, offset)


async def left_by(stage: str, connection: Mapping[str, Any]) -> LeftOut:
    """The records that the stage has left out until now, in their order."""
    here: dict[TopicPartition, dict[int, tuple[str, ...]]] = {}
    again: dict[TopicPartition, set[int]] = {}
    records = await all_of(stage, connection)
    for one in remaining(records):
        here.setdefault(TopicPartition(one.source_topic, one.source_partition), {})[one.source_offset] = one.keys
    for one in records:
        if one.cause is Cause.RETRIED and one.keys:  # a record without keys was not folded again
            again.setdefault(TopicPartition(one.source_topic, one.source_partition), set()).add(one.source_offset)
        elif one.cause is Cause.RETRIED:
            here.setdefault(TopicPartition(one.source_topic, one.source_partition), {})[one.source_offset] = ()
    return LeftOut(here, again)


async def all_of(stage: str, connection: Mapping[str, Any]) -> list[Aside]:
    """Everything that the stage has written on ``aside.v1``."""
    key = stage.encode()
    batches = stored(connection, TopicPartition(ASIDE.name, 0))
    return [wire.decode(record.value, Aside) async for records in batches for record in records if record.key == key]


class _Over(Mapping[bytes, bytes]):
    """The state with the changes of a transaction applied."""

    def __init__(self, state: State, changes: Changes) -> None:
        self._state, self._changes = state, changes

    def get(self, key: bytes, default: Any = None) -> Any:
        """The value, or ``default`` when the key has no value or its value was removed."""
        if key in self._changes:
            found = self._changes[key]
            return default if found is None else found
        return self._state.get(key, default)

    def __getitem__(self, key: bytes) -> bytes:
        found: bytes | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[bytes]:
        return (key for key in {**self._state, **self._changes} if self.get(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _value(record: Any) -> dict[str, Any]:
    try:
        found = wire.load(record.value or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _at(value: dict[str, Any], record: Any) -> datetime:
    """The time inside the record; if it has none, the time when the record was written."""
    for text in filter(None, (aside.said(value, name) for name in _AT)):
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            continue
        if found.tzinfo is not None and found.year in YEARS:
            return found
    return from_ms(record.timestamp)


def _case_no(value: dict[str, Any]) -> str | None:
    message = value.get("message")
    return aside.said(value, "case_no") or (aside.said(message, "case_no") if isinstance(message, dict) else None)


def _add(outputs: Outputs, more: Outputs) -> None:
    for where, rows in more.items():
        outputs.setdefault(where, []).extend(rows)
