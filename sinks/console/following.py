"""Follows receipts, journal and answers in Kafka for the live page. A flood costs little: only its newest records are read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, TopicAuthorizationFailedError

from mekong.schemas.answered import Given
from mekong.schemas.errors import Refused
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.receipts import Receipt
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer
from mekong.schemas.topics import ANSWERS, JOURNAL
from mekong.schemas.wire import decode, load
from mekong.sinks.console.board import Board
from mekong.sinks.console.feed import SHOWN, Feed
from mekong.sinks.reading import reader

log = logging.getLogger(__name__)

_RECEIPTS = re.compile(rf"receipts\.{AGENCY_PATTERN[1:-1]}\.v\d+")
_POLL_MS = 200
_LOOK_EVERY = 15
"""Polls until the ends are asked again: after a flood, and to see that Kafka answers."""
_TOPICS_EVERY = 10 * _LOOK_EVERY
"""Polls until the topics are asked again: for new agencies."""
_MOST_BEHIND = 400
"""Offsets of a partition after which what is older is passed over."""
_AGAIN_S = 3.0
_FLOOD_PAUSE_S = 0.2
"""After a poll that was full: what is older than the newest records is passed over then."""
_GATHER_S = 0.05
"""After a poll that brought something: what comes in this time is read together."""
_ODD = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What our own code raises for a record of another form, such as one of a later version."""
_MOST_BYTES = 1_048_576
_ANSWER_WITHIN_MS = 4_000
_TP_ANSWERS = TopicPartition(ANSWERS.name, 0)
_NO_JOURNAL = f"{JOURNAL.name} is not there, or this user may not read it: the messages are shown without goods"


def follow(settings: Settings, board: Board) -> None:
    """Follow while somebody looks, until the board is closed."""
    logged: set[str] = set()
    while board.wait_until_watched():
        try:
            _follow(settings, board, logged)
        except TopicAuthorizationFailedError as exc:
            if ANSWERS.name in str(exc) and ANSWERS.name not in logged:
                logged.add(ANSWERS.name)
                log.warning("the live page may not read %s: it shows answers when ClickHouse has them", ANSWERS.name)
                continue
            board.failed("rights", str(exc))
            board.pause(_AGAIN_S)
        except (KafkaError, Refused) as exc:
            board.failed("kafka", f"{type(exc).__name__}: {exc}")
            board.pause(_AGAIN_S)


def _follow(settings: Settings, board: Board, logged: set[str]) -> None:
    consumer = reader(settings, max_poll_records=_MOST_BEHIND, max_partition_fetch_bytes=_MOST_BYTES // 8, fetch_max_bytes=_MOST_BYTES)
    feed, polls, is_flood, has_journal = Feed(), 0, False, False
    try:
        while board.is_watched():
            if is_flood or polls % _LOOK_EVERY == 0:
                _keep_up(consumer)
            if polls % _TOPICS_EVERY == 0:
                has_journal = _find_topics(consumer, logged)
            if not has_journal:
                board.failed("rights", _NO_JOURNAL)
            elif polls % _LOOK_EVERY == _LOOK_EVERY - 1:  # and no poll before was refused
                board.put("rights")
            polls += 1
            polled = consumer.poll(timeout_ms=_POLL_MS)
            is_flood = sum(map(len, polled.values())) >= _MOST_BEHIND
            board.hear(_answers(polled.pop(_TP_ANSWERS, ()), logged))
            if _take_in(feed, polled.items(), logged) or polls == 1:
                board.put("kafka", feed=feed.rows())
                board.pause(_FLOOD_PAUSE_S if is_flood else _GATHER_S)
            elif polls % _LOOK_EVERY == 1:
                board.put("kafka")  # it has answered
    finally:
        consumer.close()


def _keep_up(consumer: KafkaConsumer) -> None:
    """Pass over what is older than the newest records. Raises KafkaError when Kafka does not answer."""
    known = list(consumer.assignment())
    for tp, end in (consumer.end_offsets(known, timeout_ms=_ANSWER_WITHIN_MS) if known else {}).items():
        if end - (consumer.position(tp, timeout_ms=_ANSWER_WITHIN_MS) or 0) > _MOST_BEHIND:
            consumer.seek(tp, end - 2 * SHOWN)


def _find_topics(consumer: KafkaConsumer, logged: set[str]) -> bool:
    """Read every partition there is, a new one from near its end on; whether the journal is there. Answers only while they can be read.

    Raises KafkaError when Kafka does not answer.
    """
    named = {JOURNAL.name, ANSWERS.name} - (logged & {ANSWERS.name})
    topics = [topic for topic in consumer.topics() if topic in named or _RECEIPTS.fullmatch(topic)]
    tps = {TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()}
    new = tps - consumer.assignment()
    if not new:
        return JOURNAL.name in topics
    at = {tp: consumer.position(tp, timeout_ms=_ANSWER_WITHIN_MS) or 0 for tp in consumer.assignment() & tps}
    begins, ends = (ask(list(new), timeout_ms=_ANSWER_WITHIN_MS) for ask in (consumer.beginning_offsets, consumer.end_offsets))
    consumer.assign(list(tps))
    for tp, offset in (at | {tp: max(begins[tp], ends[tp] - 2 * SHOWN) for tp in new}).items():
        consumer.seek(tp, offset)
    return JOURNAL.name in topics


def _answers(records: Iterable[Any], logged: set[str]) -> dict[int, Given]:
    """The answers of the live page, by offset."""
    found = {}
    for record in records:
        try:
            answer = decode(record.value or b"", Answer)
        except ValueError as exc:
            _pass_over(_TP_ANSWERS, record, exc, logged)
            continue
        found[record.offset] = Given(answer, (answer.alert_id,) if answer.alert_id else ())
    return found


def _take_in(feed: Feed, polled: Iterable[tuple[TopicPartition, list[Any]]], logged: set[str]) -> bool:
    """Whether something arrived. A record that cannot be read is passed over, and the first of its topic is logged."""
    arrived = False
    for tp, records in polled:
        for record in records[-2 * SHOWN :]:
            try:
                arrived |= _take_one(feed, tp.topic, record.value)
            except _ODD as exc:
                _pass_over(tp, record, exc, logged)
    return arrived


def _pass_over(tp: TopicPartition, record: Any, exc: Exception, logged: set[str]) -> None:
    """Log the first of a topic. The text of ``exc`` may quote a message."""
    if tp.topic not in logged:
        logged.add(tp.topic)
        log.warning("the live page passes over %s/%s offset %s: %s", tp.topic, tp.partition, record.offset, type(exc).__name__)


def _take_one(feed: Feed, topic: str, value: bytes | None) -> bool:
    if not value:
        return False
    if topic == JOURNAL.name:
        feed.entry(load(value))
    else:
        feed.receipt(decode(value, Receipt))
    return True
