"""Gives an operator's orders about the reading of an agency's topic, and finds the orders that are valid now."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer

from mekong.deploy.registry import read_compacted
from mekong.deploy.secret import compare
from mekong.deploy.topics import admin_client
from mekong.producers.broker import reaching
from mekong.schemas.connect import kafka_options
from mekong.schemas.control import CONTROL_HEADER, LANE_CONTROL, MADE_ANEW, SourceOrder, is_ours, sign
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.schemas.topics import CONTROL, REGISTRY, agency_of, lane_of
from mekong.schemas.wire import encode
from mekong.sinks.reading import NoTopic, read_topic

_WITHIN_S = 30


def give(settings: Settings, order: SourceOrder) -> None:
    """Write an order to the lane of its topic; workers follow it within a second. Raises Refused, Retriable."""
    compare(settings, read_compacted(settings, REGISTRY.name))
    value = encode(order)
    headers = [(CONTROL_HEADER, sign(settings.control_keys().signing, CONTROL.name, value))]
    with reaching(settings, f"write to {CONTROL.name}"):
        producer = KafkaProducer(**kafka_options(settings), acks="all", enable_idempotence=True)
        try:
            producer.send(CONTROL.name, value, key=order.agency.encode(), headers=headers, partition=lane_of(order.topic)).get(_WITHIN_S)
        finally:
            producer.close(timeout=_WITHIN_S)


def topic_of(settings: Settings, agency: str) -> str:
    """The newest topic of an agency. Raises Refused when it has none."""
    with admin_client(settings, "list the topics") as admin:
        found = sorted((name for name in admin.list_topics() if agency_of(name) == agency), key=lambda name: (len(name), name))
    if not found:
        raise Refused(f"Agency {agency} has no topic here. `mekong agency list` shows who is registered.")
    return str(found[-1])


def parked_sources(settings: Settings) -> dict[str, SourceOrder]:
    """Topic -> the order that parked it, for the topics that are parked now. Raises Retriable when the broker is away."""
    found: dict[str, SourceOrder] = {}
    for order in _orders(settings):
        known = found.get(order.topic)
        if order.action == "park" and (known is None or order.by == "operator"):
            found[order.topic] = order
        elif known and (order.action == "unpark" or known.by == "exchange") and not (order.by == "exchange" and known.by == "operator"):
            found.pop(order.topic, None)
    return found


def what_to_do(order: SourceOrder, begins: int) -> str:
    """The command that has a parked topic read again, with what it needs to know: the offset at which the topic begins now."""
    if order.by == "operator":
        return f"`mekong unpark {order.agency}`"
    if order.retry:
        return f"give the user of intake the right READ on topic {order.topic}: it is then read again by itself"
    if MADE_ANEW in order.reason:
        return f"it cannot be read again. `mekong agency remove {order.agency} --reason ...`, then add the agency under another code"
    return f"`mekong skip {order.agency} --to {begins} --reason ...`"


def _orders(settings: Settings) -> list[SourceOrder]:
    keys = settings.control_keys()
    with reaching(settings, f"read {CONTROL.name}"):
        try:
            records = [record for part in read_topic(settings, CONTROL.name) for record in part]
        except NoTopic:
            return []
    ours = [one for one in records if is_ours(keys, one.timestamp, CONTROL.name, one.value or b"", _mac(one))]
    return [order for one in ours if isinstance(order := LANE_CONTROL.validate_json(one.value), SourceOrder)]


def _mac(record: Any) -> bytes:
    return dict(record.headers).get(CONTROL_HEADER) or b""
