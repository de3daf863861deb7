"""A lane, its transaction coordinator and messages that come as late as they like: bounds in, every state they can reach out.

Two workers and one lane of ``RUNS`` runs. Each run is one journal entry and one position, in one transaction. A worker asks the broker for
one thing at a time; the message may arrive at any time, also after the worker gave up, died or lost the lane, and its answer may be lost.

What must hold in every state: the journal is that of the runs before the position, each once. And nobody is stuck: where nothing more can
happen, all runs are done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tests.property.lane_world import BOTH, OUT, STATE, Message, Worker, World, aborted, arrive, one_more, without_effectless

RUNS = 2
OPENINGS = 9
"""More than any of the bounds can explain: then two workers fence each other off without end."""


class Rules(NamedTuple):
    """What a worker does, and how much goes wrong."""

    asks_again_for: tuple[str, ...] = ()
    """Ends of a transaction that it asks for again, in the same epoch, when it gets no answer. Otherwise it ends the lane."""
    asks_group: bool = True
    """It asks the group whether a lane is its own before it opens it, and again when it is open; else it believes what it heard last."""
    timeouts: int = 1
    crashes: int = 1
    moves: int = 0
    """Of the lane, to the other worker."""
    aborts: int = 0
    expiries: int = 0
    """Transactions that the broker gives up by their time."""


def wrong(world: World) -> str:
    """What must not be; empty when all is well."""
    if len(set(world.journal)) < len(world.journal):
        return f"doubled: the journal is of runs {world.journal}"
    if world.journal != tuple(range(world.position)):
        return f"the journal is of runs {world.journal}, the position says {world.position} are done"
    if world.openings > OPENINGS:
        return f"opened {world.openings} times: the workers fence each other off"
    return ""


def explore(rules: Rules) -> tuple[int, str, list[str]]:
    """The number of states, what is wrong with the first wrong one and how it came to that; breadth first, so the shortest way."""
    start = World()
    seen: dict[World, tuple[str, World] | None] = {start: None}
    queue = deque([start])
    while queue:
        world = queue.popleft()
        following = list(steps(world, rules))
        bad = wrong(world)
        if not bad and not following and world.position < RUNS:
            bad = f"stuck at run {world.position}"
        if bad:
            return len(seen), bad, _way(seen, world)
        for how, reached in following:
            then = without_effectless(reached)
            if then not in seen:
                seen[then] = (how, world)
                queue.append(then)
    return len(seen), "", []


def _way(seen: dict[World, tuple[str, World] | None], world: World) -> list[str]:
    way = []
    while step := seen[world]:
        how, world = step
        way.append(how)
    return way[::-1]


def steps(world: World, rules: Rules) -> Iterator[tuple[str, World]]:
    """Everything that can happen next, in words."""
    for index, worker in enumerate(world.workers):
        yield from _worker_steps(world, rules, index, worker)
    for place, message in enumerate(world.wire):
        rest = world._replace(wire=world.wire[:place] + world.wire[place + 1 :])
        then, answer = arrive(rest, message)
        worker = then.workers[message.worker]
        if worker.asked == message:
            for told, heard in hear(then, rules, message, answer):
                yield f"{message} of worker {message.worker} arrives: {answer}{told}", heard
            if world.timeouts < rules.timeouts:
                unheard = then._replace(timeouts=then.timeouts + 1)
                yield (
                    f"{message} of worker {message.worker} arrives: {answer}, but its answer is lost",
                    _unanswered(unheard, rules, message),
                )
        else:
            yield f"{message} of worker {message.worker} arrives late: {answer}", then
    if world.moves < rules.moves:
        yield f"the group gives the lane to worker {1 - world.owner}", world._replace(owner=1 - world.owner, moves=world.moves + 1)
    if world.added and world.expiries < rules.expiries:
        given_up = aborted(world)._replace(epoch=world.epoch + 1, numbers=(0, 0), expiries=world.expiries + 1, last_end="")
        yield "the broker gives the open transaction up by its time", given_up


def _worker_steps(world: World, rules: Rules, index: int, worker: Worker) -> Iterator[tuple[str, World]]:
    name, asked = f"worker {index}", worker.asked
    if worker.thinks_mine != (world.owner == index):
        learned = worker._replace(thinks_mine=not worker.thinks_mine)
        if worker.thinks_mine:
            yield f"{name} hears that the lane is another's, and closes it", _with(world, index, Worker())
        else:
            yield f"{name} hears that the lane is its own", _with(world, index, learned._replace(is_done=False))
    if asked is None:
        if worker.thinks_mine and not worker.is_done and (world.owner == index or not rules.asks_group):
            yield f"{name} opens the lane", _open(world, index)
        return
    if world.crashes < rules.crashes:
        yield f"{name} is killed", _close(world, index)._replace(crashes=world.crashes + 1)
    if world.timeouts < rules.timeouts:
        yield (
            f"{name} has no answer to {asked}: {_says(rules, asked)}",
            _unanswered(world._replace(timeouts=world.timeouts + 1), rules, asked),
        )


def _unanswered(world: World, rules: Rules, asked: Message) -> World:
    """What a worker does that has waited for long enough. What it asked for may be on its way still."""
    if _ends(rules, asked):
        return _close(world, asked.worker)
    return _ask(world, asked.worker, asked._replace(attempt=asked.attempt + 1))


def _says(rules: Rules, asked: Message) -> str:
    return "the lane ends" if _ends(rules, asked) else "it asks again in the same epoch"


def _ends(rules: Rules, asked: Message) -> bool:
    """Whether the outcome is unknown. Partitions and batches may be asked for again: the broker takes each once."""
    return asked.kind == "init" or (asked.kind in {"commit", "abort"} and asked.kind not in rules.asks_again_for)


def hear(world: World, rules: Rules, asked: Message, answer: str) -> Iterator[tuple[str, World]]:
    """What a worker does with the answer that it waited for."""
    index = asked.worker
    worker = world.workers[index]
    if answer in {"fenced", "refused"}:
        yield "; the lane ends", _close(world, index)
    elif asked.kind == "init":
        if rules.asks_group and world.owner != index:
            yield "; the lane is another's by now", _close(world, index)
        else:
            fresh = worker._replace(epoch=world.epoch, run=world.position, added=(), sent=(0, 0))
            yield from _begin(_with(world, index, fresh), index)
    elif asked.kind == "add":
        yield "", _produce(_with(world, index, worker._replace(added=(*worker.added, *asked.where))), index, asked.where[0])
    elif asked.kind == "produce":
        yield from _after_batch(world, rules, asked, worker)
    else:
        done = worker._replace(run=worker.run + (asked.kind == "commit"), added=())
        yield from _begin(_with(world, index, done), index)


def _after_batch(world: World, rules: Rules, asked: Message, worker: Worker) -> Iterator[tuple[str, World]]:
    index, end = asked.worker, Message(asked.worker, "commit", worker.epoch, worker.run)
    world = _with(world, index, worker._replace(sent=one_more(worker.sent, asked.where)))
    if asked.where == STATE:
        yield "", _ask(world, index, end)
    elif "state" in worker.added:
        yield "", _produce(world, index, "state")
    else:
        yield "", _ask(world, index, Message(index, "add", worker.epoch, worker.run, STATE))
    if world.aborts < rules.aborts:
        yield "; it gives the transaction up", _ask(world._replace(aborts=world.aborts + 1), index, end._replace(kind="abort"))


def _begin(world: World, index: int) -> Iterator[tuple[str, World]]:
    """The next transaction, with both partitions added at once or one after the other."""
    worker = world.workers[index]
    if worker.run >= RUNS:
        yield "", _with(world, index, worker._replace(asked=None, is_done=True))
        return
    for where in (BOTH, OUT):
        yield "", _ask(world, index, Message(index, "add", worker.epoch, worker.run, where))


def _produce(world: World, index: int, where: str) -> World:
    worker = world.workers[index]
    return _ask(world, index, Message(index, "produce", worker.epoch, worker.run, (where,), worker.sent[BOTH.index(where)]))


def _open(world: World, index: int) -> World:
    number = world.openings + 1
    return _ask(world._replace(openings=number), index, Message(index, "init", number=number))


def _close(world: World, index: int) -> World:
    """The lane ends; it may be opened again."""
    return _with(world, index, Worker(thinks_mine=world.workers[index].thinks_mine))


def _ask(world: World, index: int, message: Message) -> World:
    asking = _with(world, index, world.workers[index]._replace(asked=message))
    return asking._replace(wire=tuple(sorted((*world.wire, message))))


def _with(world: World, index: int, worker: Worker) -> World:
    first, second = world.workers
    return world._replace(workers=(worker, second) if index == 0 else (first, worker))
