"""What a lane's worker and its broker know, and what the broker makes of a message: as Kafka does for clients of EndTxn before version 5.

Every Python client is one. The broker refuses an older epoch, a partition that is not in the transaction and a batch out of order; it says
"done" again to what it has done.
"""

from __future__ import annotations

from typing import NamedTuple

BOTH, OUT, STATE = ("out", "state"), ("out",), ("state",)


class Message(NamedTuple):
    """What a worker asks the broker for."""

    worker: int
    kind: str
    epoch: int = 0
    run: int = 0
    where: tuple[str, ...] = ()
    number: int = 0
    """Of a batch: its place in its partition. Of an opening: which one."""
    attempt: int = 0

    def __str__(self) -> str:
        what = {
            "init": "InitProducerId",
            "add": f"AddPartitions {'+'.join(self.where)}",
            "produce": f"Produce to {self.where[0] if self.where else ''}",
            "commit": "EndTxn (commit)",
            "abort": "EndTxn (abort)",
        }[self.kind]
        return what + (f", run {self.run}, epoch {self.epoch}" if self.kind != "init" else f", opening {self.number}")


class Worker(NamedTuple):
    """What one worker knows."""

    thinks_mine: bool = False
    asked: Message | None = None
    """None: the lane is closed, or all is done."""
    epoch: int = 0
    run: int = 0
    added: tuple[str, ...] = ()
    sent: tuple[int, int] = (0, 0)
    """Batches in each partition since it was opened."""
    is_done: bool = False


class World(NamedTuple):
    """The broker, the group, both workers, and what is on its way."""

    workers: tuple[Worker, Worker] = (Worker(thinks_mine=True), Worker())
    wire: tuple[Message, ...] = ()
    epoch: int = 0
    added: tuple[str, ...] = ()
    """Partitions of the open transaction; empty when none is."""
    last_end: str = ""
    pending: tuple[tuple[str, int], ...] = ()
    numbers: tuple[int, int] = (0, 0)
    """Of the next batch in each partition."""
    journal: tuple[int, ...] = ()
    position: int = 0
    owner: int = 0
    openings: int = 0
    timeouts: int = 0
    crashes: int = 0
    moves: int = 0
    aborts: int = 0
    expiries: int = 0


def arrive(world: World, message: Message) -> tuple[World, str]:
    """What the broker makes of a message, and what it answers."""
    if message.kind == "init":
        opened = aborted(world)._replace(epoch=world.epoch + 1, numbers=(0, 0), last_end="")
        return opened, f"epoch {opened.epoch}"
    if message.epoch != world.epoch:
        return world, "fenced"
    if message.kind == "add":
        return world._replace(added=tuple(sorted({*world.added, *message.where}))), "done"
    if message.kind == "produce":
        return _produced(world, message)
    if not world.added:
        return world, "done already" if world.last_end == message.kind else "refused"
    if message.kind == "abort":
        return aborted(world)._replace(last_end="abort"), "done"
    journal = [run for where, run in world.pending if where == "out"]
    ended = [run + 1 for where, run in world.pending if where == "state"]
    committed = world._replace(journal=(*world.journal, *journal), position=max([world.position, *ended]))
    return committed._replace(added=(), pending=(), last_end="commit"), "done"


def _produced(world: World, message: Message) -> tuple[World, str]:
    (where,) = message.where
    place = BOTH.index(where)
    if message.number < world.numbers[place]:
        return world, "done already"
    if where not in world.added or message.number > world.numbers[place]:
        return world, "refused"
    return world._replace(pending=(*world.pending, (where, message.run)), numbers=one_more(world.numbers, message.where)), "done"


def without_effectless(world: World) -> World:
    """Without messages that nobody waits for and that can do nothing any more: of an older epoch, or a batch that is there."""

    def matters(message: Message) -> bool:
        if message.kind == "init" or message == world.workers[message.worker].asked:
            return True
        is_there = message.kind == "produce" and message.number < world.numbers[BOTH.index(message.where[0])]
        return message.epoch == world.epoch and not is_there

    return world._replace(wire=tuple(filter(matters, world.wire)))


def one_more(numbers: tuple[int, int], where: tuple[str, ...]) -> tuple[int, int]:
    out, state = numbers
    return (out + 1, state) if where == OUT else (out, state + 1)


def aborted(world: World) -> World:
    return world._replace(added=(), pending=())
