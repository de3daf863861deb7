"""``mekong notify``: delivers ``notifications.v1`` by webhooks and mail, and records the end of each attempt on ``deliveries.v1``.

Guarantee: each notification is delivered at least once, always under the same id, and recorded as sent exactly once. After a kill
between the receiver's answer and the record it is sent again; the receiver knows it by its id.

    reader thread --> PendingDeliveries (event loop) --> a task for each subscription --> channel
                         ^                                   |
                         +------- recorder thread <----------+

A subscription has its own task, with one attempt at a time, so a slow or dead receiver delays no other subscription. Reader and
recorder have one thread each, which no other work can use.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TypeVar
from uuid import UUID

from mekong.schemas import measured, metrics
from mekong.schemas.channels import CHANNELS, name_of
from mekong.schemas.condition import CONDITION
from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery.channels import Deliver, at_most_tried, channels
from mekong.sinks.delivery.current_subscriptions import CurrentSubscriptions
from mekong.sinks.delivery.log import LOOK_BACK, News, Reader, Recorder
from mekong.sinks.delivery.outcome import Outcome, again
from mekong.sinks.delivery.pending import PendingDeliveries, StoredNotification

log = logging.getLogger(__name__)

_POLL_S = 0.5
_LONGEST_SLEEP_S = 60.0
_END_WITHIN_S = 8.0
_CLEAN_EVERY = timedelta(hours=1)
_STUCK_S = 120.0
"""A poll that has not ended after this time is stuck."""
_MOST_AT_ONCE = 500
"""Deliveries in a transaction."""
T = TypeVar("T")


def run(settings: Settings, stop: threading.Event) -> None:
    """Deliver until ``stop`` is set. Raises Fatal."""
    CONDITION.report("notifier", "The notifier still reads what it has sent before.")
    for name, state in product((name_of(one) for one in CHANNELS if one.is_pushed), DeliveryState):
        measured.begin(channel=name, outcome=state.value)
    recorder = Recorder(settings)  # first: nobody else records from here on
    try:
        reader = Reader(settings)
        try:
            asyncio.run(_run(settings, reader, recorder, stop))
        finally:
            reader.close()
    finally:
        recorder.close()


async def _run(settings: Settings, reader: Reader, recorder: Recorder, stop: threading.Event) -> None:
    async with channels(settings) as deliver:
        await Notifier(reader, recorder, deliver, LOOK_BACK if settings.clock_is_on() else None).run(stop)


class Notifier:
    """The event loop's side: who is to get what, and when."""

    def __init__(self, reader: Reader, recorder: Recorder, deliver: Deliver, look_back: timedelta | None = LOOK_BACK) -> None:
        """What was raised before ``look_back`` is not sent; None in a stack that replays old data with the data's own time."""
        self._reader, self._recorder, self._deliver, self._look_back = reader, recorder, deliver, look_back
        self._pending = PendingDeliveries()
        self._clean_at = _now()
        self._subscriptions = CurrentSubscriptions()
        self._waiting: dict[str, dict[UUID, StoredNotification]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._senders: list[asyncio.Task[None]] = []
        self._ending = False
        self._records: asyncio.Queue[tuple[Delivery, asyncio.Future[None]]] = asyncio.Queue()

    async def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set. Raises Fatal.

        Attempts in flight get a few seconds to end; those that do not are made again after the next start.
        """
        with ThreadPoolExecutor(1, "read") as self._reading, ThreadPoolExecutor(1, "record") as self._recording:
            await self._catch_up(stop)
            try:
                async with asyncio.TaskGroup() as self._tasks:
                    await self._go_on(stop)
            except ExceptionGroup as group:
                raise group.exceptions[0] from group

    async def _go_on(self, stop: threading.Event) -> None:
        recording = self._tasks.create_task(self._record())
        for notification in list(self._pending.pending()):
            self._enqueue(notification)
        log.info("ready: %d notifications to deliver, %d subscriptions", len(self._pending), len(self._subscriptions.known))
        CONDITION.report("notifier")
        while not stop.is_set():
            self._measure()
            for notification in self._take(await _in(self._reading, self._reader.poll, _POLL_S)):
                self._enqueue(notification)
        await self._end()
        recording.cancel()

    def _measure(self) -> None:
        CONDITION.beat("the event loop of the notifier", _STUCK_S)
        measured.put(metrics.UNDELIVERED, sum(map(len, self._waiting.values())))

    async def _catch_up(self, stop: threading.Event) -> None:
        """Read all there is before anything is sent: what was sent already is known only at the end of the deliveries."""
        found: list[StoredNotification] = []
        while not stop.is_set() and await _in(self._reading, self._reader.is_behind):
            news = await _in(self._reading, self._reader.poll, _POLL_S)
            found += news.notifications
            self._take(news._replace(notifications=[]))
        self._take(News([], found, []))
        await _in(self._reading, self._reader.forget_deliveries)

    async def _end(self) -> None:
        self._ending = True
        for woken in self._woken.values():
            woken.set()
        if self._senders:
            _, late = await asyncio.wait(self._senders, timeout=_END_WITHIN_S)
            for task in late:
                task.cancel()

    def _take(self, news: News) -> list[StoredNotification]:
        """Process what was read. Returns the new notifications."""
        for subscription in news.subscriptions:
            self._subscriptions.apply(subscription, _now())
            self._wake(subscription.id)
        for delivery in news.deliveries:
            self._pending.delivered(delivery)
            self._subscriptions.ended(delivery)
        oldest = self._oldest()
        if oldest is not None and self._clean_at < _now():
            self._pending.forget(oldest)
            self._clean_at = _now() + _CLEAN_EVERY
        return [notification for notification in news.notifications if self._pending.notified(notification, oldest)]

    def _oldest(self) -> datetime | None:
        return None if self._look_back is None else _now() - self._look_back

    def _enqueue(self, notification: StoredNotification) -> None:
        name = notification.subscription
        if name not in self._woken:
            self._woken[name] = asyncio.Event()
            self._waiting[name] = {}
            self._senders.append(self._tasks.create_task(self._serve(name)))
        self._waiting[name][notification.notification_id] = notification
        self._wake(name)

    def _wake(self, name: str) -> None:
        if name in self._woken:
            self._woken[name].set()

    async def _serve(self, name: str) -> None:
        """One subscription's task: whatever is due first, one attempt at a time."""
        waiting, woken = self._waiting[name], self._woken[name]
        while not self._ending:
            woken.clear()
            now = _now()
            due = {
                key: now if self._subscriptions.is_given_up(one) else self._pending.progress(key).due or now for key, one in waiting.items()
            }
            first = min(due, key=due.__getitem__, default=None)
            if first is None or due[first] > now or not self._subscriptions.may_send(name):
                pause_s = _LONGEST_SLEEP_S if first is None else min(max((due[first] - now).total_seconds(), 1.0), _LONGEST_SLEEP_S)
                await _either(woken, pause_s)
                continue
            if (await self._attempt(waiting[first])).state is not DeliveryState.RETRYING:
                del waiting[first]

    async def _attempt(self, notification: StoredNotification) -> Delivery:
        subscription = self._subscriptions.known[notification.subscription]
        is_first = not self._pending.progress(notification.notification_id).attempts
        outcome = self._subscriptions.not_for(notification, is_first, self._oldest()) or await self._tried(notification, subscription)
        delivery = self._pending.attempted(notification, subscription.channel.channel, outcome, _now())
        if outcome.gone:
            delivery = delivery.model_copy(update={"gone": subscription.changed_at})
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._records.put_nowait((delivery, done))
        await done
        measured.count(metrics.DELIVERED, channel=delivery.channel, outcome=delivery.state.value)
        self._pending.delivered(delivery, outcome.wait_s)
        self._subscriptions.ended(delivery)
        told = log.warning if delivery.state is DeliveryState.PARKED else log.info
        told(
            "%s to %s: %s, attempt %d %s",
            notification.notification_id,
            notification.subscription,
            delivery.state.value,
            delivery.attempt,
            delivery.detail,
            extra=_ids(notification, subscription),
        )
        return delivery

    async def _tried(self, notification: StoredNotification, subscription: Subscription) -> Outcome:
        """Make one attempt. A defect of the notifier in it is logged and does not stop the other attempts."""
        try:
            return at_most_tried(await self._deliver(notification, subscription), subscription.channel)
        except Exception as exc:
            said = "%s to %s: the attempt failed because of a defect of the notifier"
            log.exception(said, notification.notification_id, notification.subscription, extra=_ids(notification, subscription))
            why = f"a fault of the notifier, see its log: {type(exc).__name__}"
            return at_most_tried(again(why), subscription.channel)

    async def _record(self) -> None:
        """Commit all deliveries that wait, in one transaction. A failure here ends the process."""
        while True:
            batch = [await self._records.get()]
            while not self._records.empty() and len(batch) < _MOST_AT_ONCE:
                batch.append(self._records.get_nowait())
            await _in(self._recording, self._recorder.record, [delivery for delivery, _ in batch])
            for _, done in batch:
                if not done.done():
                    done.set_result(None)


def _ids(notification: StoredNotification, subscription: Subscription) -> dict[str, str]:
    named = {"notification_id": str(notification.notification_id), "subscription": subscription.id}
    return {**named, "channel": subscription.channel.channel, "agency": subscription.member}


async def _in(thread: ThreadPoolExecutor, work: Callable[..., T], *given: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work, *given)


async def _either(woken: asyncio.Event, pause_s: float) -> None:
    """Wait for news, at most for the given time."""
    try:
        async with asyncio.timeout(pause_s):
            await woken.wait()
    except TimeoutError:
        return


def _now() -> datetime:
    return datetime.now(UTC)
