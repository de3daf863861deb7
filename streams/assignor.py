"""Which member of a group owns which lane: all sources of a lane go to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.types import TP


class Assignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Gives all sources of a lane to one member."""

    name, version = "lanes", 0
    number_of: Callable[[TP], int]  # set by the app

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """Member -> its partitions. A topic its owner does not know yet waits for that member's next start."""
        given: dict[str, dict[str, list[int]]] = {member: {} for member in members}
        for topic in sorted({topic for member in members.values() for topic in member.subscription}):
            for partition in sorted(cluster.partitions_for_topic(topic) or ()):
                owner = sorted(members)[cls.number_of(TP(topic, partition)) % len(members)]
                if topic in members[owner].subscription:
                    given[owner].setdefault(topic, []).append(partition)
        return {member: ConsumerProtocolMemberAssignment(cls.version, sorted(topics.items()), b"") for member, topics in given.items()}

    @classmethod
    def metadata(cls, topics: Any) -> Any:
        """What a member tells the group's leader."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Nothing to remember."""
