"""The notifier through lives that end anywhere: the same id has the same body, is recorded at its end once, behind attempts without a gap.

Notifier and ledger are the real ones; topics, receiver and time are in memory, and nothing sleeps. A life ends between the receiver's
answer and the record, before either, or by a commit whose answer does not come: then it is done, or it is not.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mekong.schemas.errors import Fatal
from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery.log import News
from mekong.sinks.delivery.notifier import Notifier
from mekong.sinks.delivery.outcome import SENT, Outcome, again, hopeless
from mekong.sinks.delivery.payload import body
from mekong.sinks.delivery.pending import StoredNotification
from tests.amount import examples

START = datetime(2026, 5, 3, 8, tzinfo=UTC)
NAMES = ("duty", "other")
IDLE_POLLS = 60
AT_ONCE = 2
"""Records of a topic in a poll."""
ATTEMPTS = ("sent", "sent", "sent, then killed", "killed", "taken, but it says no", "no", "never")
COMMITS = ("done", "done", "done", "done, no answer", "not done, no answer")


class Killed(BaseException):
    """The process is gone."""


class World:
    """The topics, the receiver, and the time."""

    def __init__(self) -> None:
        self.now = START
        self.subscriptions: list[Subscription] = []
        self.notifications: list[StoredNotification] = []
        self.deliveries: list[Delivery] = []
        self.got: defaultdict[UUID, list[bytes]] = defaultdict(list)
        """What the receiver got under each id."""

    def subscribe(self, name: str, state: str = "active") -> None:
        self.now += timedelta(seconds=1)
        channel = {"channel": "webhook", "url": "https://vn.example/hook", "secret_name": "A"}
        wish = {"id": name, "member": "VN-CUSTOMS", "channel": channel, "state": state, "changed_at": self.now}
        self.subscriptions.append(Subscription.model_validate(wish))

    def notify(self, name: str) -> None:
        self.now += timedelta(seconds=1)
        number = len(self.notifications)
        given = {"subscription": name, "member": "VN-CUSTOMS", "reason": "warning", "raised_at": self.now, "language": "en"}
        text = {"subject": f"Warning {number}", "text": "For the member alone.", "offset": number}
        self.notifications.append(StoredNotification.model_validate({"notification_id": UUID(int=number), **given, **text}))


class Life:
    """One process: reader, recorder and receiver of a notifier, which ends when nothing happens any more."""

    def __init__(self, world: World, attempts: list[str], commits: list[str]) -> None:
        self._world, self._attempts, self._commits = world, attempts, commits
        self._at = [0, 0, 0]
        self._ends = [len(topic) for topic in self._topics()]
        self._reads_deliveries = True
        self._idle = 0
        self._stop = threading.Event()
        self.ended_by: tuple[BaseException, ...] = ()

    def live(self) -> None:
        with (
            patch("mekong.sinks.delivery.notifier._in", _at_once),
            patch("mekong.sinks.delivery.notifier._either", self._pass_time),
            patch("mekong.sinks.delivery.notifier._now", lambda: self._world.now),
            suppress(Fatal),
        ):
            try:
                asyncio.run(Notifier(self, self, self._deliver).run(self._stop))  # type: ignore[arg-type]
            except BaseExceptionGroup as group:
                self.ended_by = group.exceptions
                if group.split((Killed, Fatal))[1] is not None:  # both at once when the kill comes in the turn in which a commit fails
                    raise

    def is_behind(self) -> bool:
        return any(at < end for at, end in zip(self._at, self._ends, strict=True))

    def poll(self, _: float) -> News:
        found = [topic[at : at + AT_ONCE] for topic, at in zip(self._topics(), self._at, strict=True)]
        if not self._reads_deliveries:
            found[2] = []
        self._at = [at + len(records) for at, records in zip(self._at, found, strict=True)]
        self._idle = 0 if any(found) else self._idle + 1
        if self._idle > IDLE_POLLS:
            self._stop.set()
        return News(*found)  # type: ignore[arg-type]

    def forget_deliveries(self) -> None:
        self._reads_deliveries = False

    def record(self, deliveries: list[Delivery]) -> None:
        self._idle = 0
        how = self._commits.pop() if self._commits else "done"
        if how != "not done, no answer":
            self._world.deliveries += deliveries
        if how != "done":
            raise Fatal("no answer")

    def _topics(self) -> tuple[list[Subscription], list[StoredNotification], list[Delivery]]:
        return self._world.subscriptions, self._world.notifications, self._world.deliveries

    async def _deliver(self, notification: StoredNotification, _: Subscription) -> Outcome:
        self._idle = 0
        await asyncio.sleep(0)
        how = self._attempts.pop() if self._attempts else "sent"
        if how in {"sent", "sent, then killed", "taken, but it says no"}:
            self._world.got[notification.notification_id].append(body(notification))
        if how in {"killed", "sent, then killed"}:
            raise Killed
        return {"sent": SENT, "never": hopeless("gone")}.get(how) or again("503")

    async def _pass_time(self, woken: asyncio.Event, pause_s: float) -> None:
        await asyncio.sleep(0)
        if not woken.is_set():
            self._world.now += timedelta(seconds=pause_s)


async def _at_once(_: object, work: Callable[..., object], *given: object) -> object:
    await asyncio.sleep(0)
    return work(*given)


class Notifying(RuleBasedStateMachine):
    """Two subscriptions, and as many lives as it takes."""

    @initialize()
    def start(self) -> None:
        self.world = World()
        for name in NAMES:
            self.world.subscribe(name)

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 3))
    def notify(self, name: str, count: int) -> None:
        for _ in range(count):
            self.world.notify(name)

    @rule(name=st.sampled_from(NAMES), state=st.sampled_from(["active", "paused", "removed"]))
    def change(self, name: str, state: str) -> None:
        self.world.subscribe(name, state)

    @rule(attempts=st.lists(st.sampled_from(ATTEMPTS), max_size=6), commits=st.lists(st.sampled_from(COMMITS), max_size=4))
    def live(self, attempts: list[str], commits: list[str]) -> None:
        Life(self.world, attempts, commits).live()

    @invariant()
    def the_same_id_has_the_same_body(self) -> None:
        bodies = {one.notification_id: body(one) for one in self.world.notifications}
        assert all(set(found) == {bodies[key]} for key, found in self.world.got.items())

    @invariant()
    def each_is_recorded_at_its_end_once_behind_attempts_without_a_gap(self) -> None:
        found: defaultdict[UUID, list[Delivery]] = defaultdict(list)
        for one in self.world.deliveries:
            found[one.notification_id].append(one)
        for records in found.values():
            assert [one.attempt for one in records] == list(range(1, len(records) + 1))
            assert all(one.state is DeliveryState.RETRYING for one in records[:-1])

    @invariant()
    def what_is_recorded_as_sent_was_sent(self) -> None:
        assert all(self.world.got[one.notification_id] for one in self.world.deliveries if one.state is DeliveryState.SENT)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for name in NAMES:
            self.world.subscribe(name)
        Life(self.world, [], []).live()
        self.the_same_id_has_the_same_body()
        self.each_is_recorded_at_its_end_once_behind_attempts_without_a_gap()
        ended = Counter(one.notification_id for one in self.world.deliveries if one.state is not DeliveryState.RETRYING)
        assert ended == Counter(one.notification_id for one in self.world.notifications)


Notifying.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=15, deadline=None)
TestNotifying = Notifying.TestCase


def test_a_kill_in_the_turn_in_which_a_commit_fails_ends_one_life_and_the_next_does_what_is_left():
    """Both errors come in one group. What the receiver got and nobody recorded it gets again, under the same id."""
    world = World()
    for name, count in zip(NAMES, (2, 1), strict=True):
        world.subscribe(name)
        for _ in range(count):
            world.notify(name)
    life = Life(world, ["sent, then killed", "sent", "no", "sent"], ["not done, no answer", "done"])
    life.live()
    assert {type(one) for one in life.ended_by} == {Killed, Fatal}
    assert [one.state for one in world.deliveries] == [DeliveryState.SENT, DeliveryState.RETRYING]
    Life(world, [], []).live()
    ended = Counter(one.notification_id for one in world.deliveries if one.state is DeliveryState.SENT)
    assert ended == Counter(one.notification_id for one in world.notifications)
