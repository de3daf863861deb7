"""What passes between the clients and Kafka, and what the workers wrote, in; how often each rare state was reached out.

A run that never was in one of them has proved nothing about it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from chaos_faults import PARTS, Fault
from chaos_protocol import Request

UNANSWERED = "a lane's transaction ended without an answer, until its client gave up"
LATE = "the end of a transaction arrived after its lane was opened again"
IN_NEXT = "the end of a transaction arrived while the lane's next one was open"
FENCED = "a lane was fenced inside a commit"
REOPENED = "a lane was opened again in its process"
RECORDER = "a transaction of the notifier ended without an answer"
OPENING = "a lane was opened, and the answer never came"
TWICE = "a batch was delivered to Kafka twice"
SENDER = "a sender's batch was not answered, until the sender gave up"
CUT = "a connection broke inside a request"
TORN = "a connection broke inside an answer"
REBALANCE = "a rebalance began while a transaction was open"
PUT_OUT = "a group put a member out that still lived"
INSERT = "an insert was done and its answer lost"
RARE = (UNANSWERED, LATE, IN_NEXT, FENCED, REOPENED, RECORDER, OPENING, TWICE, SENDER, CUT, TORN, REBALANCE, PUT_OUT, INSERT)
"""Each must have been reached over many seeds."""
ENOUGH_SEEDS = 20
_FENCED = {47, 90}  # INVALID_PRODUCER_EPOCH, PRODUCER_FENCED
_PUT_OUT = {25}  # UNKNOWN_MEMBER_ID
_REOPENED = re.compile(r"lane \d+ of \w+: .*opening it again")
_BROKEN = {"cut": CUT, "torn": TORN}
_ANSWER_LOST = ("answer", "deaf")
_LANE, _NOTIFIER, _SENDER = PARTS["lanes"], PARTS["notifier"], PARTS["senders"]


class States:
    """Watches the proxy."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.reached: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        """How often each found its frame."""
        self._open: set[str] = set()
        """Transactional ids with a transaction under way."""
        self._opened: Counter[str] = Counter()
        """How often a transactional id was opened."""
        self._before: dict[tuple[str, int], int] = {}
        """An end that a fault met -> how often its transactional id had been opened then."""

    def met(self, fault: Fault, request: Request) -> None:
        self._say(f"frame: {fault} meets {request.who or request.client}" + (f", {fault.length_s:.0f} s" if fault.length_s else ""))
        self.faults[str(fault)] += 1
        if fault.way in _BROKEN:
            self.reached[_BROKEN[fault.way]] += 1
        if request.api == "EndTxn":
            self._before[request.who, request.correlation] = self._opened[request.who]
            self.reached[RECORDER] += fault.way == "torn" and _NOTIFIER(request.who)

    def passed(self, request: Request, *, is_late: bool, is_again: bool) -> None:
        who = request.who
        if request.api == "EndTxn":
            self._ended(request, is_late=is_late)
        elif request.api == "AddPartitionsToTxn" and not is_late:
            self._open.add(who)
        elif request.api == "JoinGroup":
            self.reached[REBALANCE] += any(one.rpartition("-")[0] == who for one in self._open)
        elif request.api == "Produce":
            self.reached[TWICE] += is_again

    def _ended(self, request: Request, *, is_late: bool) -> None:
        who = request.who
        before = self._before.pop((who, request.correlation), self._opened[who])
        if not is_late:
            self._open.discard(who)
            return
        self.reached[LATE] += self._opened[who] > before
        self.reached[IN_NEXT] += self._opened[who] > before and who in self._open
        self._say(f"frame: the end of a transaction of {who} arrives late, {self._opened[who] - before} openings after it")

    def answered(self, request: Request, error: int, *, is_heard: bool) -> None:
        if request.api == "InitProducerId" and not error:
            self._opened[request.who] += 1
            self._open.discard(request.who)
            self.reached[OPENING] += not is_heard and _LANE(request.who)
        elif request.api == "EndTxn" and is_heard:
            self.reached[FENCED] += error in _FENCED and _LANE(request.who)
        elif request.api == "Heartbeat" and is_heard:
            self.reached[PUT_OUT] += error in _PUT_OUT

    def gave_up(self, request: Request) -> None:
        if request.api == "EndTxn":
            self.reached[UNANSWERED] += _LANE(request.who)
            self.reached[RECORDER] += _NOTIFIER(request.who)
        elif request.api == "Produce":
            self.reached[SENDER] += _SENDER(request.who)

    def of_run(self, logs: Path, cuts: Mapping[str, int]) -> Counter[str]:
        """All of a run: what the workers wrote into ``logs``, and the ``cuts`` of inserts, too."""
        written = sum(len(_REOPENED.findall(path.read_text("utf-8", "replace"))) for path in logs.glob("*.log*"))
        return self.reached + Counter({REOPENED: written, INSERT: sum(cuts.get(way, 0) for way in _ANSWER_LOST)})


def table(reached: Mapping[str, int]) -> list[str]:
    """A line for each rare state."""
    return [f"{reached.get(state, 0):7,}  {state}" for state in RARE]


def never(reached: Mapping[str, int]) -> list[str]:
    """The rare states that were not reached."""
    return [state for state in RARE if not reached.get(state)]
