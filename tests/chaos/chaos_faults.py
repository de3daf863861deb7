"""A seed in, which frames between the clients and Kafka are met by what, and when out.

hold    the request waits, and with it all that is behind it on its connection
late    the request waits until its client has given up, and some seconds more; then it is passed on, on its old connection
amid    as late, but it is passed on as soon as its sender, opened again or not, has sent the next batch of a transaction
twice   the request is passed on twice; the second answer is thrown away
wait    the request is passed on, its answer waits, and with it all that is behind it
mute    the request is passed on, and no answer comes back on that connection any more
cut     half of the request is through, then both ends are reset
torn    half of the answer is through, then both ends are reset
fence   somebody else opens its transactional id, and then the request is passed on
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

from chaos_protocol import Request

PARTS: dict[str, Callable[[str], bool]] = {
    "": lambda _: True,
    "lanes": lambda who: who.rpartition("-")[2].isdigit(),
    "notifier": lambda who: who == "mekong-notify",
    "senders": lambda who: not who,
}
"""Whose request is meant -> whether a transactional id or group is of that kind."""
EACH_FRAME = (
    *((way, "EndTxn", "lanes") for way in ("hold", "late", "amid", "twice", "wait", "mute", "cut", "torn", "fence")),
    *((way, "EndTxn", "notifier") for way in ("late", "amid", "mute", "torn")),
    *((way, "InitProducerId", "lanes") for way in ("hold", "late", "amid", "twice", "mute", "torn")),
    *((way, "AddPartitionsToTxn", "lanes") for way in ("late", "twice", "mute")),
    *((way, "Produce", "lanes") for way in ("hold", "late", "twice", "mute", "cut")),
    *((way, "Produce", "senders") for way in ("hold", "late", "twice", "mute", "cut", "torn")),
    *((way, "Fetch", "") for way in ("wait", "mute", "torn")),
    *((way, "Heartbeat", "") for way in ("hold", "mute")),
    *((way, "JoinGroup", "") for way in ("hold", "late", "twice", "torn")),
    *((way, "SyncGroup", "") for way in ("hold", "mute")),
    *((way, "OffsetCommit", "") for way in ("late", "twice", "torn")),
    *((way, api, "") for way in ("hold", "torn") for api in ("Metadata", "FindCoordinator")),
)
"""Every fault there is, by way, api and part. A plan has each once before any comes again."""
LENGTH_S = (1.0, 45.0)
PATIENCE_S = 45.0
"""How long a late one waits for its client to give up, at most."""
MORE_S = (0.0, 6.0)
NEXT_WITHIN_S = 30.0
LATE = ("late", "amid")
PART_OF_RUN = 0.7
"""The last of them come well before the last action, so that their clients give up, and go on, while messages still flow."""


class Fault(NamedTuple):
    """What the next request of a kind meets."""

    way: str
    api: str
    of: str = ""
    length_s: float = 0.0
    """How long it is held at most."""
    more_s: float = 0.0
    """How much later than its client's end it is passed on; at most, when it waits for the next batch."""

    def __str__(self) -> str:
        return f"{self.way} {self.api}" + (f" of {self.of}" if self.of else "")

    def meets(self, request: Request) -> bool:
        """Whether this is one that it is for."""
        return request.api == self.api and PARTS[self.of](request.who)


class Watcher(Protocol):
    """Hears of all that passes, in the proxy's thread."""

    def passed(self, request: Request, *, is_late: bool, is_again: bool) -> None:
        """The broker has a request now; it is late when its client has gone."""

    def answered(self, request: Request, error: int, *, is_heard: bool) -> None:
        """The broker's answer; heard when the client gets it."""

    def gave_up(self, request: Request) -> None:
        """A client closed its connection while it waited for the answer to this, which was kept from it."""

    def met(self, fault: Fault, request: Request) -> None:
        """A fault has found its request."""


def plan_frames(seed: int, count: int, spread_s: float) -> list[tuple[float, Fault]]:
    """``count`` faults, each with the second from which on it waits for its frame."""
    chance = random.Random(f"frames {seed}")
    chosen: list[tuple[str, str, str]] = []
    while len(chosen) < count:
        chosen += chance.sample(EACH_FRAME, len(EACH_FRAME))
    moments = sorted(chance.uniform(0.0, PART_OF_RUN * spread_s) for _ in range(count))
    return [(at_s, _fault(chance, *kind)) for at_s, kind in zip(moments, chosen, strict=False)]


def _fault(chance: random.Random, way: str, api: str, of: str) -> Fault:
    length_s = PATIENCE_S if way in LATE else chance.uniform(*LENGTH_S)
    more_s = {"late": chance.uniform(*MORE_S), "amid": NEXT_WITHIN_S}.get(way, 0.0)
    return Fault(way, api, of, round(length_s, 2), round(more_s, 2))
