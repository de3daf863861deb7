"""Each fault that is recorded: what is done to the stack, for how long, and which alerts it raises, no others."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NamedTuple

from mekong.schemas.topics import INCOMING, JOURNAL, RECEIPTS, lane_of
from tests.dials.stack import VN, Stack
from tests.integration.gateway.conftest import seizure

Do = Callable[[Stack], object]


def _nothing(stack: Stack) -> None:
    pass


class Fault(NamedTuple):
    """One recording. Its times are in seconds, real ones."""

    name: str
    what: str
    """What was done, as a sentence."""
    raises: frozenset[str]
    begin: Do = _nothing
    during: Do = _nothing
    """Done after each scrape of the fault."""
    end: Do = _nothing
    before_s: int = 120
    fault_s: int = 240
    after_s: int = 0
    """Of the healed stack; at its end no alert fires any more. 0: the alert goes on, because what happened stays."""


def _pause(name: str) -> Do:
    return lambda stack: _process(stack, name).send(signal.SIGSTOP)


def _resume(name: str) -> Do:
    return lambda stack: _process(stack, name).send(signal.SIGCONT)


def _process(stack: Stack, name: str):
    return stack.servers.get(name) or stack.running[name]


def _hold(name: str) -> Do:
    return lambda stack: stack.hold(name)


def _release(name: str) -> Do:
    return lambda stack: stack.held.discard(name)


def _flood_without_clickhouse(stack: Stack) -> None:
    _pause("clickhouse")(stack)
    stack.send(VN, [seizure(100_000 + number, VN) for number in range(3_000)])


def _kill(name: str) -> Do:
    return lambda stack: stack.running[name].kill()


def _mail_nobody(stack: Stack) -> None:
    stack.mailbox.close()
    for number in range(3):
        stack.subscribe(f"duty-{number}", channel="mail", to="duty@example.org")
        stack.notify(f"duty-{number}")


def _webhook_gone(stack: Stack) -> None:
    stack.subscribe("gone", channel="webhook", url=stack.receiver.url("gone"), secret_name="VN_CUSTOMS")
    stack.notify("gone")


def _park(stack: Stack) -> None:
    stack.mekong("park", VN, "--reason", "sends one file again and again")


def _unpark(stack: Stack) -> None:
    stack.mekong("unpark", VN)


def _mail(stack: Stack) -> None:
    stack.subscribe("duty", channel="mail", to="duty@example.org")


DOWN = frozenset({"MekongProcessDown", "MekongStageMissing"})
FAULTS = (
    Fault(
        "quiet",
        "Three cases each quarter of a minute, a mail each minute, requests over HTTP; nothing is broken.",
        frozenset(),
        begin=_mail,
        before_s=0,
        fault_s=3600,
    ),
    Fault(
        "worker-killed",
        "The worker watch was killed and not started again for four minutes.",
        DOWN,
        _hold("watch"),
        end=_release("watch"),
        after_s=180,
    ),
    Fault(
        "sink-stopped",
        "The sink was paused (SIGSTOP) for four minutes: it holds its port and answers nothing.",
        DOWN,
        _pause("sink"),
        end=_resume("sink"),
        after_s=120,
    ),
    Fault(
        "notifier-stopped",
        "The notifier was killed and not started again for four minutes.",
        DOWN,
        _hold("notifier"),
        end=_release("notifier"),
        after_s=120,
    ),
    Fault(
        "clock-stopped",
        "The clock was killed and not started again for seven minutes, while cases went on to arrive.",
        DOWN,
        _hold("clock"),
        end=_release("clock"),
        fault_s=450,
        after_s=240,
    ),
    Fault(
        "worker-crashes",
        "The worker share was killed after each scrape for three minutes, and started again each time.",
        frozenset({"MekongProcessRestarts"}),
        _kill("share"),
        _kill("share"),
        fault_s=180,
    ),
    Fault(
        "clickhouse-away",
        "ClickHouse was paused (SIGSTOP) for 14 minutes, and 3,000 cases were sent meanwhile.",
        frozenset({"MekongNotReady", "MekongSinkFailing", "MekongStageSilent", "MekongLag"}),
        _flood_without_clickhouse,
        end=_resume("clickhouse"),
        fault_s=840,
        after_s=420,
    ),
    Fault(
        "broker-paused",
        "The broker was paused (SIGSTOP) for seven minutes, while an agency went on to send over HTTP.",
        frozenset({"MekongKafkaAway", "MekongNotReady", "MekongNoTick", "MekongStageSilent", "MekongServerErrors"}),
        _pause("kafka"),
        lambda stack: stack.ask(),
        _resume("kafka"),
        fault_s=420,
        after_s=420,
    ),
    Fault(
        "record-aside",
        "A record that no worker can read was written into the journal; ClickHouse refuses it too.",
        frozenset({"MekongRecordsAside", "MekongDeadLetters"}),
        lambda stack: stack.write(JOURNAL.name, b"not a record", lane_of(INCOMING.of(VN))),
        fault_s=120,
    ),
    Fault(
        "dead-letter",
        "A record that ClickHouse refuses was written into a topic of receipts.",
        frozenset({"MekongDeadLetters"}),
        lambda stack: stack.write(RECEIPTS.of(VN), b"not a receipt"),
        fault_s=120,
    ),
    Fault(
        "source-parked",
        "The topic of an agency was parked, and unparked three minutes later.",
        frozenset({"MekongSourceParked"}),
        _park,
        end=_unpark,
        fault_s=180,
        after_s=180,
    ),
    Fault(
        "mail-server-away",
        "The mail server was stopped, and three notifications were to be sent.",
        frozenset({"MekongDeliveryRetried"}),
        _mail_nobody,
    ),
    Fault(
        "webhook-gone",
        "The receiver of a webhook answered that it is gone (410).",
        frozenset({"MekongDeliveryParked"}),
        _webhook_gone,
        fault_s=120,
    ),
)
BY_NAME = {one.name: one for one in FAULTS}
