"""The notifier's event loop: who is served, who is given up, and that nobody stops the others. Kafka and the channels are stand-ins."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery import schedule
from mekong.sinks.delivery.log import Deleted, News
from mekong.sinks.delivery.notifier import Notifier
from mekong.sinks.delivery.outcome import SENT, Outcome, again
from mekong.sinks.delivery.pending import StoredNotification

AT = datetime.now(UTC) - timedelta(minutes=1)
LATER = AT + timedelta(seconds=1)
LAST = LATER + timedelta(seconds=1)


def wish(member: str = "VN-CUSTOMS", state: str = "active", name: str = "duty", at: datetime = AT) -> Subscription:
    channel = {"channel": "webhook", "url": f"https://{member.lower()}.example/hook", "secret_name": "A"}
    return Subscription.model_validate({"id": name, "member": member, "channel": channel, "state": state, "changed_at": at})


def notification(number: int, member: str = "VN-CUSTOMS", name: str = "duty", at: datetime = AT) -> StoredNotification:
    return StoredNotification.model_validate(
        {
            "notification_id": UUID(int=number),
            "subscription": name,
            "member": member,
            "reason": "warning",
            "raised_at": at,
            "language": "en",
            "subject": "A warning",
            "text": "For the member alone.",
            "offset": number,
        }
    )


class Topics:
    """Reader and recorder in one: what is put in is read, what is recorded can be looked at."""

    def __init__(self, *news: News) -> None:
        self.news, self.recorded = list(news), list[Delivery]()
        self._first = True

    def is_behind(self) -> bool:
        first, self._first = self._first, False
        return first

    def poll(self, timeout_s: float) -> News:
        if self.news:
            return self.news.pop(0)
        time.sleep(min(timeout_s, 0.01))
        return News([], [], [])

    def forget_deliveries(self) -> None: ...

    def record(self, deliveries: list[Delivery]) -> None:
        self.recorded += deliveries

    def states(self) -> list[tuple[int, DeliveryState]]:
        return [(one.notification_id.int, one.state) for one in self.recorded]

    def parked(self) -> dict[int, str]:
        return {one.notification_id.int: one.detail for one in self.recorded if one.state is DeliveryState.PARKED}


def serve(
    topics: Topics, deliver: Callable[[StoredNotification, Subscription], Awaitable[Outcome]], steps: Callable[[], Awaitable[None]]
) -> None:
    """Run a notifier while ``steps`` go on. Raises what ends it."""

    async def both() -> None:
        stop = threading.Event()
        running = asyncio.create_task(Notifier(topics, topics, deliver).run(stop))  # type: ignore[arg-type]
        going = asyncio.create_task(steps())
        await asyncio.wait([running, going], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await running
        await going

    asyncio.run(both())


async def until(holds: Callable[[], object], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - a thread may do it
            await asyncio.sleep(0.01)


@pytest.fixture
def soon(monkeypatch):
    """The second attempt comes a second after the first."""
    monkeypatch.setattr(schedule, "FIRST_WAIT_S", 0.1)


@pytest.mark.parametrize("gone", [wish(state="removed", at=LATER), Deleted("duty", LATER)], ids=["removed", "deleted"])
@pytest.mark.parametrize("heir", ["VN-CUSTOMS", "LA-CUSTOMS"])
def test_what_waits_for_a_subscription_that_goes_is_parked_and_whoever_has_its_id_next_gets_none_of_it(gone, heir):
    topics, sent = Topics(News([wish()], [notification(1), notification(2)], [])), []

    async def deliver(one, subscription):
        sent.append((one.notification_id.int, subscription.member))
        return again("it is down") if one.notification_id.int < 3 else SENT

    async def steps():
        await until(lambda: len(topics.recorded) == 2)
        topics.news.append(News([gone], [], []))
        topics.news.append(News([wish(heir)], [notification(3, heir, at=LAST)], []))
        await until(lambda: len(topics.recorded) == 5)

    serve(topics, deliver, steps)
    assert sent == [(1, "VN-CUSTOMS"), (2, "VN-CUSTOMS"), (3, heir)]
    assert topics.parked() == dict.fromkeys((1, 2), "the subscription was removed")


@pytest.mark.parametrize(("days", "sends"), [(29, True), (31, False), (400, False)])
def test_a_notification_that_is_decided_again_after_its_delivery_was_forgotten_is_not_sent_again(days, sends):
    raised_at = datetime.now(UTC) - timedelta(days=days)
    topics, sent = Topics(News([wish(at=raised_at)], [notification(1, at=raised_at)], []), News([], [notification(2)], [])), []

    async def deliver(one, _):
        sent.append(one.notification_id.int)
        return SENT

    async def steps():
        await until(lambda: 2 in sent and len(topics.recorded) == len(sent))

    serve(topics, deliver, steps)
    assert sent == ([1, 2] if sends else [2])


def test_a_receiver_that_answered_410_is_asked_once_until_its_subscription_is_changed():
    topics, sent = Topics(News([wish()], [notification(1), notification(2)], [])), []

    async def deliver(one, subscription):
        sent.append((one.notification_id.int, subscription.changed_at))
        return Outcome(DeliveryState.PARKED, "answered 410", gone=True) if subscription.changed_at == AT else SENT

    async def steps():
        await until(lambda: len(topics.recorded) == 2)
        topics.news.append(News([], [notification(3)], []))
        await until(lambda: len(topics.recorded) == 3)
        topics.news.append(News([wish(at=LAST)], [notification(4)], []))
        await until(lambda: len(topics.recorded) == 4)

    serve(topics, deliver, steps)
    assert sent == [(1, AT), (4, LAST)]
    assert [one.state for one in topics.recorded] == [DeliveryState.PARKED] * 3 + [DeliveryState.SENT]
    assert "mekong subscribe resume duty" in topics.recorded[1].detail


@pytest.mark.parametrize(("changed_at", "sends"), [(AT, False), (LATER, True)])
def test_a_notifier_that_starts_again_knows_who_answered_410(changed_at, sends):
    what = {"notification_id": UUID(int=1), "subscription": "duty", "channel": "webhook", "state": "parked"}
    ended = Delivery.model_validate({**what, "attempt": 1, "at": LAST, "raised_at": AT, "gone": AT})
    topics, sent = Topics(News([wish(at=changed_at)], [notification(1), notification(2)], [ended])), []

    async def deliver(one, _):
        sent.append(one.notification_id.int)
        return SENT

    async def steps():
        await until(lambda: len(topics.recorded) == 1)

    serve(topics, deliver, steps)
    assert sent == ([2] if sends else [])


@pytest.mark.parametrize("comes_by", ["a start", "one poll"])
def test_what_was_raised_before_a_subscription_was_removed_does_not_wait_for_its_return(comes_by):
    again_there = News([wish(), wish(state="removed", at=LATER), wish(at=LAST)], [notification(1), notification(2, at=LAST)], [])
    topics, sent = Topics(*([again_there] if comes_by == "a start" else [News([], [], []), again_there])), []

    async def deliver(one, subscription):
        sent.append(one.notification_id.int)
        return SENT

    async def steps():
        await until(lambda: len(topics.recorded) == 2)

    serve(topics, deliver, steps)
    assert sent == [2]
    assert topics.parked() == {1: "the subscription was removed"}


def test_what_was_decided_for_one_member_never_goes_to_another(soon):
    topics, sent = Topics(News([wish("LA-CUSTOMS")], [notification(1), notification(2, "LA-CUSTOMS")], [])), []

    async def deliver(one, subscription):
        sent.append((one.notification_id.int, subscription.member))
        return SENT

    async def steps():
        await until(topics.parked)

    serve(topics, deliver, steps)
    assert sent == [(2, "LA-CUSTOMS")]
    assert topics.parked() == {1: "it is VN-CUSTOMS's, and the subscription is LA-CUSTOMS's"}


def test_what_is_read_before_the_change_of_its_subscription_waits_for_it(soon):
    topics, sent = Topics(News([wish("LA-CUSTOMS")], [notification(1)], [])), []

    async def deliver(one, subscription):
        sent.append((one.notification_id.int, subscription.member))
        return SENT

    async def steps():
        await until(lambda: topics.recorded)
        topics.news.append(News([wish()], [], []))
        await until(lambda: sent)

    serve(topics, deliver, steps)
    assert sent == [(1, "VN-CUSTOMS")]


def test_a_defect_of_ours_in_one_attempt_stops_nobody_and_is_tried_again_and_logged(soon, caplog):
    topics = Topics(News([wish(), wish("LA-CUSTOMS", name="other")], [notification(1), notification(2, "LA-CUSTOMS", "other")], []))
    tries = []

    async def deliver(one, subscription):
        tries.append(one.notification_id.int)
        if tries.count(1) == 1 and one.notification_id.int == 1:
            raise AttributeError("ours")
        return SENT

    async def steps():
        await until(lambda: len(topics.recorded) == 3)

    serve(topics, deliver, steps)
    assert sorted(topics.states()) == [(1, DeliveryState.RETRYING), (1, DeliveryState.SENT), (2, DeliveryState.SENT)]
    assert "a fault of the notifier, see its log: AttributeError" in {one.detail for one in topics.recorded}
    assert "AttributeError: ours" in caplog.text


def test_work_of_other_threads_keeps_nothing_from_being_read_and_recorded():
    topics, go_on = Topics(News([wish()], [], [])), threading.Event()

    async def deliver(one, subscription):
        return SENT

    async def steps():
        busy = [asyncio.create_task(asyncio.to_thread(go_on.wait, 20)) for _ in range(100)]
        await asyncio.sleep(0.1)
        topics.news.append(News([], [notification(1)], []))
        try:
            await until(lambda: topics.recorded, 5)
        finally:
            go_on.set()
            await asyncio.gather(*busy)

    serve(topics, deliver, steps)
    assert topics.states() == [(1, DeliveryState.SENT)]
