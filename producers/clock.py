"""Writes a signed tick into every ``in.<agency>`` once a minute. So a day closes after all data that arrived before its end.

It also writes a tick once an hour into each lane's partition of ``control.v1``. Some work of a lane must go on when agencies send nothing.

Guarantee: at most one tick for each minute and agency. When a tick could not be written, it is left out; the next tick replaces it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mekong.producers.outbox import Outbox, Undelivered
from mekong.producers.receipts import Mailbox
from mekong.schemas import measured, metrics
from mekong.schemas.condition import CONDITION
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.limits import CONTROL_SKEW_S
from mekong.schemas.settings import Settings
from mekong.schemas.times import from_ms
from mekong.schemas.topics import CONTROL, LANES
from mekong.schemas.wire import encode

_MINUTE = timedelta(minutes=1)
_SAID_FROM_S = 60
_STUCK_S = 180.0
_DELIVERY_S = 30  # a tick is of no use once the next one is due
log = logging.getLogger(__name__)


def run(settings: Settings, once: bool = False, stop: threading.Event | None = None) -> None:
    """Write ticks until ``stop`` is set, or one tick when ``once``. Raises Refused in a stack whose clock is off.

    During an outage of Kafka it waits. A new agency gets its ticks from the next minute on.
    """
    if not settings.clock_is_on():
        raise Refused("the clock of this stack is off: its time is that of the data it replays")
    stop = stop or threading.Event()
    key, hour = settings.control_keys().signing, -1
    _begin()
    while not stop.is_set():
        _beat()
        try:
            with Mailbox(settings) as topics, Outbox[str](settings, delivery_timeout_s=_DELIVERY_S) as outbox:
                log.info("ready")
                if once:
                    _tick_all(outbox, key, topics, datetime.now(UTC), lanes=True)
                    return
                while not stop.wait(until_next_minute(datetime.now(UTC))):
                    now = datetime.now(UTC)
                    _beat()
                    if _tick_all(outbox, key, topics, now, lanes=now.hour != hour):
                        hour = now.hour
        except Retriable as exc:
            if once:
                raise
            log.warning("%s", exc)
            CONDITION.report("clock", "The clock could not write its last tick, or has not reached Kafka: its log says more.")
            stop.wait(exc.retry_after_s)


def _tick_all(outbox: Outbox[str], key: bytes, topics: Mailbox, now: datetime, *, lanes: bool) -> bool:
    """Write the ticks of this minute, where ``lanes`` also those of the lanes. Returns whether it wrote those. Raises as ``tick``."""
    tick(outbox, key, topics.agencies().values(), now)
    measured.count(metrics.TICKS)
    measured.put(metrics.LAST_TICK, now.replace(second=0, microsecond=0).timestamp())
    lanes = lanes and topics.has(CONTROL.name)
    if lanes:
        tick_lanes(outbox, key, now)
    CONDITION.report("clock")
    return lanes


def _begin() -> None:
    """Show the figures of the clock, and that it has done nothing yet."""
    measured.count(metrics.TICKS, 0)
    measured.put(metrics.LAST_TICK, 0)
    CONDITION.report("clock", "The clock has not written its first ticks yet: it writes them at the next full minute.")


def _beat() -> None:
    """Before each attempt to reach Kafka, and before each round of ticks. It may take a minute."""
    CONDITION.beat("the clock", _STUCK_S)


def tick(outbox: Outbox[str], key: bytes, topics: Iterable[str], now: datetime) -> None:
    """Write the tick of the minute of ``now``. Raises Retriable when the broker does not accept it, Refused as ``compare`` does."""
    value = encode(Tick(at=now.replace(second=0, microsecond=0)))
    for topic in topics:
        outbox.send(topic, "", value, topic, [(CONTROL_HEADER, sign(key, topic, value))])
    _flush(outbox)
    if outbox.appended_ms is not None:
        compare(now, from_ms(outbox.appended_ms))


def compare(ours: datetime, brokers: datetime) -> None:
    """Compare this machine's clock with the broker's. Raises Refused when the difference makes intake drop its ticks."""
    apart_s = (ours - brokers).total_seconds()
    said = f"the clock of this machine is {abs(apart_s):,.0f} s {'ahead of' if apart_s > 0 else 'behind'} the broker's"
    if abs(apart_s) > CONTROL_SKEW_S:
        raise Refused(f"{said}: ticks that are more than {CONTROL_SKEW_S} s off are dropped, and no day closes. Set the clock (NTP).")
    if abs(apart_s) > _SAID_FROM_S:
        log.warning("%s: set it (NTP)", said)


def tick_lanes(outbox: Outbox[str], key: bytes, now: datetime) -> None:
    """Write the same into each lane's own partition. Raises as ``tick``."""
    value = encode(Tick(at=now.replace(second=0, microsecond=0)))
    for lane in range(LANES):
        where = f"{CONTROL.name}/{lane}"
        outbox.send(CONTROL.name, "", value, where, [(CONTROL_HEADER, sign(key, CONTROL.name, value))], lane)
    _flush(outbox)


def _flush(outbox: Outbox[str]) -> None:
    for report in outbox.flush(_DELIVERY_S):
        if isinstance(report, Undelivered):
            raise Retriable(f"no tick for {report.token}: {report.rejected.detail}")


def until_next_minute(now: datetime) -> float:
    """Seconds."""
    return (now.replace(second=0, microsecond=0) + _MINUTE - now).total_seconds()
