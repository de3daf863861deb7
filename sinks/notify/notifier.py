"""``mekong notify``: ``notifications.v1`` -> webhooks and mail; the end of each attempt -> ``deliveries.v1``.

Guarantee: each notification is delivered at least once, always under the same id, and recorded as sent exactly once. After a kill
between the receiver's answer and the record it is sent again; the receiver knows it by its id.

    reader thread --> Ledger (event loop) --> a task for each subscription --> channel
                         ^                                   |
                         +------- recorder thread <----------+

A subscription has its own task, with one attempt at a time, so a slow or dead receiver delays nobody else. Reader and recorder have a
thread each: no other work of threads can take theirs.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from schemas.notifications import Delivery, DeliveryState
from schemas.settings import Settings
from schemas.subscriptions import Subscription
from sinks.notify.channels import Deliver, channels
from sinks.notify.ledger import Ledger, Stored
from sinks.notify.log import Deleted, News, Reader, Recorder
from sinks.notify.outcome import Outcome, again, hopeless

log = logging.getLogger(__name__)

_POLL_S = 0.2
_LONGEST_SLEEP_S = 60.0
_END_WITHIN_S = 8.0
_MOST_AT_ONCE = 500
"""Deliveries in a transaction."""
T = TypeVar("T")


def run(settings: Settings, stop: threading.Event) -> None:
    """Deliver until ``stop`` is set. Raises Fatal."""
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
        await Notifier(reader, recorder, deliver).run(stop)


class Notifier:
    """The event loop's side: who is to get what, and when."""

    def __init__(self, reader: Reader, recorder: Recorder, deliver: Deliver) -> None:
        self._reader, self._recorder, self._deliver = reader, recorder, deliver
        self._ledger = Ledger()
        self._subscriptions: dict[str, Subscription] = {}
        self._waiting: dict[str, dict[UUID, Stored]] = {}
        self._removed_at: dict[str, datetime] = {}
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
        for notification in list(self._ledger.pending()):
            self._enqueue(notification)
        log.info("ready: %d notifications to deliver, %d subscriptions", len(self._ledger), len(self._subscriptions))
        while not stop.is_set():
            for notification in self._take(await _in(self._reading, self._reader.poll, _POLL_S)):
                self._enqueue(notification)
        await self._end()
        recording.cancel()

    async def _catch_up(self, stop: threading.Event) -> None:
        """Read all there is before anything is sent: what was sent already is known only at the end of the deliveries."""
        found: list[Stored] = []
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

    def _take(self, news: News) -> list[Stored]:
        """Take up what was read; the notifications that are new."""
        for subscription in news.subscriptions:
            self._heed(subscription)
        for delivery in news.deliveries:
            self._ledger.delivered(delivery)
        return [notification for notification in news.notifications if self._ledger.notified(notification)]

    def _heed(self, changed: Subscription | Deleted) -> None:
        """Take up a subscription, or that one was deleted. What was raised for one that goes never goes out, also if it comes back."""
        if isinstance(changed, Deleted):
            self._removed_at[changed.id] = min(changed.at, _now())
            known = self._subscriptions.get(changed.id)
            if known is None:
                return
            changed = known.model_copy(update={"state": "removed"})
        elif changed.state == "removed":
            self._removed_at[changed.id] = min(changed.changed_at, _now())  # another machine's clock may be ahead
        self._subscriptions[changed.id] = changed
        self._wake(changed.id)

    def _is_given_up(self, notification: Stored) -> bool:
        """Whether its subscription was removed after it was raised."""
        removed_at = self._removed_at.get(notification.subscription)
        return removed_at is not None and notification.raised_at <= removed_at

    def _enqueue(self, notification: Stored) -> None:
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
            due = {key: now if self._is_given_up(one) else self._ledger.progress(key).due or now for key, one in waiting.items()}
            first = min(due, key=due.__getitem__, default=None)
            if first is None or due[first] > now or not self._may_send(name):
                pause_s = _LONGEST_SLEEP_S if first is None else min(max((due[first] - now).total_seconds(), 1.0), _LONGEST_SLEEP_S)
                await _either(woken, pause_s)
                continue
            if (await self._attempt(waiting[first])).state is not DeliveryState.RETRYING:
                del waiting[first]

    def _may_send(self, name: str) -> bool:
        """A paused subscription keeps what waits for it; so does one that is not read yet."""
        return name in self._subscriptions and self._subscriptions[name].state != "paused"

    async def _attempt(self, notification: Stored) -> Delivery:
        subscription = self._subscriptions[notification.subscription]
        outcome = self._not_for(notification, subscription) or await self._tried(notification, subscription)
        delivery = self._ledger.attempted(notification, subscription.channel.channel, outcome, _now())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._records.put_nowait((delivery, done))
        await done
        self._ledger.delivered(delivery, outcome.wait_s)
        told = log.warning if delivery.state is DeliveryState.PARKED else log.info
        told(
            "%s to %s: %s, attempt %d %s",
            notification.notification_id,
            notification.subscription,
            delivery.state.value,
            delivery.attempt,
            delivery.detail,
        )
        return delivery

    async def _tried(self, notification: Stored, subscription: Subscription) -> Outcome:
        """One attempt; a defect of ours on it costs nobody else anything, and stands in the log."""
        try:
            return await self._deliver(notification, subscription)
        except Exception as exc:
            log.exception("%s to %s: the attempt failed by a fault of ours", notification.notification_id, notification.subscription)
            return again(f"a fault of the notifier, see its log: {type(exc).__name__}")

    def _not_for(self, notification: Stored, subscription: Subscription) -> Outcome | None:
        """Why it does not go to whoever has its subscription now; None when it does."""
        if subscription.state == "removed" or self._is_given_up(notification):
            return hopeless("the subscription was removed")
        if subscription.member == notification.member:
            return None
        why = f"it is {notification.member}'s, and the subscription is {subscription.member}'s"
        is_first = not self._ledger.progress(notification.notification_id).attempts
        return again(why) if is_first else hopeless(why)  # at first perhaps a change of the subscription was not read yet

    async def _record(self) -> None:
        """Commit what waits, together; a failure here ends the process."""
        while True:
            batch = [await self._records.get()]
            while not self._records.empty() and len(batch) < _MOST_AT_ONCE:
                batch.append(self._records.get_nowait())
            await _in(self._recording, self._recorder.record, [delivery for delivery, _ in batch])
            for _, done in batch:
                if not done.done():
                    done.set_result(None)


async def _in(thread: ThreadPoolExecutor, work: Callable[..., T], *given: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work, *given)


async def _either(woken: asyncio.Event, pause_s: float) -> None:
    """Wait for news, at most so long."""
    try:
        async with asyncio.timeout(pause_s):
            await woken.wait()
    except TimeoutError:
        return


def _now() -> datetime:
    return datetime.now(UTC)
