"""Runs the broker client in its thread: it makes this worker a member of its group and fetches records.

aiokafka stops reading during a rebalance. Here reading continues: the lane's producer, not the group, fences off old writers. Records that
were read for a lane which moves to another member are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, NoError, RebalanceInProgressError, for_code
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import HeartbeatRequest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from mekong.streams.assignor import Assignor, claim

FETCH_WAIT_MS = (
    800  # the broker answers at once when a record arrives; after a seek, the fetch from before it can delay the first records by this time
)


class Fetched(NamedTuple):
    """Records of a source, and the client's position before it returned them; None when the client had no valid position."""

    begin: int | None
    records: list[Any]


class Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The broker client's thread. It reads committed records only, and assigns sources by lane."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        strategy = type("LaneAssignor", (Assignor,), {"number_of": staticmethod(self.app.number_of), "holds": staticmethod(self._holds)})
        consumer._partition_assignment_strategy = [strategy]  # noqa: SLF001
        return consumer

    def _holds(self) -> bytes:
        """The lanes that this worker reports to the leader of the group."""
        return claim(self._ensure_consumer()._coordinator.generation, self.consumer.held.given)  # noqa: SLF001

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group. After the first assignment, reading continues during a rebalance."""
        await super().subscribe(topics)
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001
        subscription._begin_reassignment = lambda: None  # noqa: SLF001
        keep_seat(self._ensure_consumer()._coordinator)  # noqa: SLF001

    async def follow(self, topics: Iterable[str]) -> None:
        """Read these topics from now on. Reading of the topics that are read already does not stop."""
        await self.call_thread(self._follow, frozenset(topics))

    async def _follow(self, topics: frozenset[str]) -> None:
        consumer = self._ensure_consumer()
        consumer._subscription.subscription._topics = topics  # noqa: SLF001 - `subscribe` would drop the assignment
        await consumer._client.set_topics(topics)  # noqa: SLF001
        consumer._coordinator.request_rejoin()  # noqa: SLF001

    async def rejoin(self) -> None:
        """Start another rebalance."""
        await self.call_thread(self._rejoin)

    async def _rejoin(self) -> None:
        self._ensure_consumer()._coordinator.request_rejoin()  # noqa: SLF001

    async def is_member(self) -> bool:
        """Ask the coordinator of the group whether this worker is a member of the generation that it knows."""
        return bool(await self.call_thread(self._asked_whether_member, self._ensure_consumer()._coordinator))  # noqa: SLF001

    async def _asked_whether_member(self, coordinator: Any) -> bool:
        """Send the request without the client. The client forgets its membership after a `no` while it joins the next generation."""
        try:
            asked = HeartbeatRequest(coordinator.group_id, coordinator.generation, coordinator.member_id)
            said = for_code((await coordinator._send_req(asked)).error_code)  # noqa: SLF001
        except KafkaError:
            return False
        if said is GroupAuthorizationFailedError:
            raise said(coordinator.group_id)
        return said in (NoError, RebalanceInProgressError)

    async def fetches_nothing(self) -> None:
        """Restart the time after which a member that fetches nothing leaves the group. This worker has no source that it may fetch now."""

        async def begin() -> None:
            with self._ensure_consumer()._subscription.fetch_context():  # noqa: SLF001
                pass

        await self.call_thread(begin)

    async def _fetch_records(self, consumer: Any, active_partitions: set[TP], **how: Any) -> dict[TP, Fetched]:
        assignment = consumer._subscription.subscription.assignment  # noqa: SLF001
        stood = {tp: assignment.state_value(tp) for tp in active_partitions} if assignment else {}
        begins = {tp: state.position if state and state.has_valid_position else None for tp, state in stood.items()}
        found = await super()._fetch_records(consumer, active_partitions, **how)
        return {tp: Fetched(begins.get(tp), records) for tp, records in found.items()}

    async def committed(self, tp: TP) -> int | None:
        """The offset that the group has committed for one source."""
        found: int | None = await self.call_thread(self._ensure_consumer().committed, TopicPartition(tp.topic, tp.partition))
        return found

    def end_of(self, tp: TP) -> int | None:
        """The end of a source as the last fetch has shown it; None when that is not known. Asks nobody."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment  # noqa: SLF001
        state = assignment.state_value(tp) if assignment else None
        found: int | None = state.highwater if state else None
        return found

    def answered_at(self) -> float | None:
        """When a broker has last answered a fetch, in seconds since 1970; None when not yet. Asks nobody."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment  # noqa: SLF001
        states = [assignment.state_value(tp) for tp in assignment.tps] if assignment else []
        return max((state.timestamp / 1_000 for state in states if state and state.timestamp), default=None)

    def member_id(self) -> str:
        """The member id that the group gave this worker. It changes each time the group has removed the worker."""
        return str(self._ensure_consumer()._coordinator.member_id)  # noqa: SLF001

    async def topics(self) -> frozenset[str]:
        """Ask the broker for the names of all topics that this user may see."""
        return frozenset(await self.call_thread(self._ensure_consumer().topics))

    async def fetch(self, tp: TP, *, wanted: bool) -> None:
        """Start or stop asking the broker for records of a source."""

        async def switch() -> None:
            consumer = self._ensure_consumer()
            (consumer.resume if wanted else consumer.pause)(TopicPartition(tp.topic, tp.partition))

        await self.call_thread(switch)


def keep_seat(coordinator: Any) -> None:
    """Make the client of a member ignore the answer to a commit that waited while the member joined the next generation.

    The broker reads nothing more from a connection until it has answered its JoinGroup request. A commit sent meanwhile is refused, because
    its generation is over. The client concludes that it has lost its new membership and joins again; this repeats with each commit.
    """
    send = coordinator._send_req  # noqa: SLF001

    async def sent(request: Any) -> Any:
        generation = coordinator.generation
        answer = await send(request)
        if isinstance(request, OffsetCommitRequest) and (coordinator._performed_join_prepare or coordinator.generation != generation):  # noqa: SLF001
            raise RebalanceInProgressError(coordinator.group_id)
        return answer

    coordinator._send_req = sent  # noqa: SLF001
