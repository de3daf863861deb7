"""Wall time in, a signed tick a minute into every ``in.<agency>``: so a day closes behind all data that came before its end.

Guarantee: at most once a minute and agency. A minute that could not be written is left out; the next tick stands for it too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from producers.outbox import Outbox, Undelivered
from producers.receipts import Mailbox
from schemas.control import CONTROL_HEADER, Tick, sign
from schemas.errors import Refused, Retriable
from schemas.settings import Settings
from schemas.wire import encode

_MINUTE = timedelta(minutes=1)
_DELIVERY_S = 30  # a tick is of no use once the next one is due
log = logging.getLogger(__name__)


def run(settings: Settings, once: bool = False, stop: threading.Event | None = None) -> None:
    """Tick until ``stop`` is set, or only now when ``once``. Raises Refused in a stack whose clock is off.

    An outage of Kafka is waited out; an agency that is added gets its ticks from the next minute on.
    """
    if not settings.clock_is_on():
        raise Refused("the clock of this stack is off: its time is that of the data it replays")
    stop = stop or threading.Event()
    secret = settings.deployment_secret()
    while not stop.is_set():
        try:
            with Mailbox(settings) as topics, Outbox[str](settings, delivery_timeout_s=_DELIVERY_S) as outbox:
                log.info("ready")
                if once:
                    tick(outbox, secret, topics.agencies().values(), datetime.now(UTC))
                    return
                while not stop.wait(until_next_minute(datetime.now(UTC))):
                    tick(outbox, secret, topics.agencies().values(), datetime.now(UTC))
        except Retriable as exc:
            if once:
                raise
            log.warning("%s", exc)
            stop.wait(exc.retry_after_s)


def tick(outbox: Outbox[str], secret: bytes, topics: Iterable[str], now: datetime) -> None:
    """Write the tick of the minute that ``now`` is in. Raises Retriable when the broker does not take it."""
    value = encode(Tick(at=now.replace(second=0, microsecond=0)))
    for topic in topics:
        outbox.send(topic, "", value, topic, [(CONTROL_HEADER, sign(secret, topic, value))])
    for report in outbox.flush(_DELIVERY_S):
        if isinstance(report, Undelivered):
            raise Retriable(f"no tick for {report.token}: {report.rejected.detail}")


def until_next_minute(now: datetime) -> float:
    """Seconds."""
    return (now.replace(second=0, microsecond=0) + _MINUTE - now).total_seconds()
