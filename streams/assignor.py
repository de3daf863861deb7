"""Assigns the lanes to the members of a group. One member gets all sources of a lane, and a lane stays with its owner where possible.

A lane that has to move is assigned to nobody in the first rebalance. Its owner closes the lane and joins the group again; the second
rebalance assigns the lane to its new owner. So two members never hold the same lane, and lanes that do not move work in both rebalances.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.types import TP

NOT_A_MEMBER = -1


class Assignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Assigns all sources of a lane to one member."""

    name, version = "lanes", 0
    number_of: Callable[[TP], int]  # set by the app
    holds: Callable[[], bytes]  # set by the app: what this member claims

    @classmethod
    def assign(cls, cluster: Any, members: Mapping[str, Any]) -> Any:
        """Member -> its partitions. A topic that the lane's owner has not seen yet is assigned to nobody until this member has seen it."""
        topics = sorted({topic for member in members.values() for topic in member.subscription})
        sources = [TP(topic, number) for topic in topics for number in sorted(cluster.partitions_for_topic(topic) or ())]
        owners = owner_of_each({cls.number_of(source) for source in sources}, {name: of.user_data for name, of in members.items()})
        given: dict[str, dict[str, list[int]]] = {member: {} for member in members}
        for source in sources:
            owner = owners.get(cls.number_of(source))
            if owner is not None and source.topic in members[owner].subscription:
                given[owner].setdefault(source.topic, []).append(source.partition)
        return {member: ConsumerProtocolMemberAssignment(cls.version, sorted(topics.items()), b"") for member, topics in given.items()}

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> Any:
        """What a member sends to the leader of the group."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), cls.holds())

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Do nothing: this assignor keeps no state."""


def claim(generation: int, lanes: Iterable[int]) -> bytes:
    """The generation of the group and the lanes that a member holds since then. Empty when the worker is not a member any more."""
    return b"" if generation <= NOT_A_MEMBER else f"{generation}:{','.join(map(str, sorted(lanes)))}".encode()


def owner_of_each(lanes: Collection[int], claims: Mapping[str, bytes]) -> dict[int, str]:
    """Lane -> the member that gets it. A lane that another member must close first is left out."""
    held = _holders(lanes, claims)
    target: dict[int, str] = {}
    base, extra = divmod(len(lanes), len(claims))
    room: dict[str, int] = {}
    for member in sorted(claims, key=lambda name: (-sum(holder == name for holder in held.values()), name)):
        mine = [lane for lane in sorted(lanes) if held.get(lane) == member]
        most = base + (len(room) < extra)
        target.update(dict.fromkeys(mine[:most], member))
        room[member] = most - len(mine[:most])
    free = iter([member for member, places in sorted(room.items()) for _ in range(places)])
    target.update({lane: next(free) for lane in sorted(lanes) if lane not in target})
    return {lane: member for lane, member in target.items() if held.get(lane, member) == member}


def _holders(lanes: Collection[int], claims: Mapping[str, bytes]) -> dict[int, str]:
    """Lane -> the member that holds it: the member that got the lane in the newest generation."""
    newest: dict[int, tuple[int, str]] = {}
    for member, said in claims.items():
        generation, _, numbers = said.decode().partition(":")
        for lane in (int(number) for number in numbers.split(",") if number):
            newest[lane] = max(newest.get(lane, (NOT_A_MEMBER, "")), (int(generation), member))
    return {lane: member for lane, (_, member) in newest.items() if lane in lanes}
