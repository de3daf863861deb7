"""Everybody who is told something in a run: subscribers, their receiver, readers of events; and the alerts they are told of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos_alerts import LAST_H, MARK, Alarms, Alerter, Writer
from chaos_meaning import AGENCIES, JOINER
from chaos_notices import Phase
from chaos_reader import Reader
from chaos_receiver import Receiver
from chaos_rest import Rest
from chaos_stack import Stack, Trouble
from chaos_subscribers import DEAD, READERS, SECRET, WISHES
from chaos_told import (
    check_alerts,
    check_arrivals,
    check_deliveries,
    check_nobody_waits,
    check_notifications,
    check_reader,
    check_shared,
)
from chaos_topics import Differences, Records, of_topic

from mekong.deploy.local.ports import free_port
from mekong.deploy.local.stack import WORKERS

BEFORE_NOTIFY = ("intake", "watch", "network", "share")
"""In the order of the flow."""
PHASE_DAYS = 20
"""Before and after today."""
PHASE_GROUPS = ("drug", "fauna")
PHASE_MEMBERS = tuple(agency for agency in AGENCIES if agency != JOINER)[::2]
LAST_TESTS = {DEAD: 4} | {wish.name: 1 for wish in WISHES if wish.name != DEAD and wish.channel == "webhook"}
TOKEN = "a-token-of-enough-letters-for-{}"


class Crowd:
    """The receiver is there at once; the others begin with ``start``."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._seed = seed
        self._tokens = folder / "tokens"
        self._tokens.write_text("".join(f"{member} {TOKEN.format(member)}\n" for member in READERS), encoding="utf-8")
        self._receiver = Receiver(seed)
        self._readers: dict[str, Reader] = {}
        self._last: dict[str, str] = {}
        """Ids of the last tests -> subscription."""
        self._before_last = 0
        """Arrivals before them."""
        self._looks: list[int] = []
        self.figures = ""

    @property
    def variables(self) -> dict[str, str]:
        """Settings of the processes that tell them."""
        secret = {f"MEKONG_WEBHOOK_SECRET_{wish.member.replace('-', '_')}": SECRET for wish in WISHES}
        links = {"MEKONG_PUBLIC_URL": "https://alerts.example.org"}
        return {**secret, **links, "MEKONG_WEBHOOK_ALLOW_PRIVATE": "1", "MEKONG_STREAM_TOKENS": str(self._tokens)}

    def start(self, stack: Stack, count: int, spread_s: float, agencies: Callable[[], Collection[str]]) -> None:
        """Subscribe, wait until that and the phase are known to the workers, and begin to raise ``count`` alerts."""
        self._stack, self._rest = stack, Rest(stack.settings.bootstrap(), stack.look)
        self._writer = Writer(stack.settings.bootstrap())
        self._writer.write("subscriptions.v1", [(wish.name, wish.record(self._receiver.port)) for wish in WISHES])
        self._writer.write("answers.v1", [(wish.name, answer) for wish in WISHES for answer in wish.answers()])
        port = free_port()
        stack.keep("events", "events", "--listen", f"127.0.0.1:{port}")
        self._readers = {member: Reader(port, TOKEN.format(member), self._seed) for member in READERS}
        self._rest.until_read("intake", "share", "notify")
        self.alerter = Alerter(self._writer, Alarms(self._seed), count, spread_s, agencies)
        self.alerter.start()

    def calm(self) -> None:
        """Make no more trouble of one's own."""
        self._receiver.calm.set()

    def settle(self, say: Callable[[str], None]) -> None:
        """Let what waits go out; then show that one who holds on to what it gets delays nobody. Intake and watch are at rest."""
        if self.alerter.failed:
            raise Trouble(f"the alerter failed: {self.alerter.failed}")
        self._rest.until_read(*(name for name in BEFORE_NOTIFY if name in WORKERS))
        say("all is shared")
        for hours in LAST_H:
            self.alerter.pass_to(hours)
        self._rest.until_read("notify")
        self._rest.until(self._all_answered, "every notification was sent, or at least tried at the dead receiver")
        say("all is sent")
        self._test_once_more()
        self._receiver.release.set()
        self._rest.until(self._all_answered, "the last tests were sent, or at least tried at the dead receiver")
        dead = next(wish for wish in WISHES if wish.name == DEAD)
        self._writer.write("subscriptions.v1", [(DEAD, dead.record(self._receiver.port, state="paused"))])
        self._rest.until(self._is_still, "nothing more is tried")
        self._rest.until(self._all_seen, "the readers have seen everything")
        say("all have it")

    def close(self) -> None:
        """Listen no more."""
        for reader in self._readers.values():
            reader.stop()
        self._receiver.close()

    def judge(self, records: Records, now: datetime) -> Differences:
        """Hold it against the truth."""
        found = Differences()
        notifications, alerts, journal, deliveries = (
            [json.loads(one.value) for one in of_topic(records, f"{name}.v1")]
            for name in ("notifications", "alerts", "journal", "deliveries")
        )
        raw = {member: [(one.offset, one.value.decode()) for one in of_topic(records, f"alerts.{member}.v1")] for member in AGENCIES}
        shared = {member: [json.loads(value) for _, value in told] for member, told in raw.items()}
        days = [(now + timedelta(days=days)).date() for days in (-PHASE_DAYS, PHASE_DAYS)]
        check_alerts(found, alerts, self.alerter.written, MARK)
        check_shared(found, shared, alerts, journal, Phase(days[0], days[1], PHASE_MEMBERS, PHASE_GROUPS))
        answers = [json.loads(one.value) for one in of_topic(records, "answers.v1")]
        tests = Counter(answer["subscription"] for answer in answers if answer["kind"] == "test")
        check_notifications(found, notifications, WISHES, shared, tests)
        check_deliveries(found, deliveries, notifications)
        check_arrivals(found, self._receiver.arrivals, notifications, WISHES)
        check_nobody_waits(found, self._receiver.arrivals[self._before_last :], self._last)
        for member, reader in self._readers.items():
            check_reader(found, member, reader.events, raw[member])
        self.figures = _figures(alerts, notifications, self._receiver, self._readers)
        return found

    def _test_once_more(self) -> None:
        """Tests for all; the dead receiver's first, and it holds on to each until the others have theirs."""
        known = {str(one["notification_id"]) for one in self._rest.records("notifications.v1")}
        self._receiver.hold.set()
        self._before_last = len(self._receiver.arrivals)
        at = datetime.now(UTC).isoformat()
        tests = [name for name, count in LAST_TESTS.items() for _ in range(count)]
        self._writer.write("answers.v1", [(name, {"subscription": name, "kind": "test", "at": at}) for name in tests])
        self._rest.until_read("notify")
        new = [one for one in self._rest.records("notifications.v1") if one["notification_id"] not in known]
        self._last = {one["notification_id"]: one["subscription"] for one in new}
        others = {name for name, subscription in self._last.items() if subscription != DEAD}
        self._rest.until(lambda: others <= {one.id for one in self._receiver.arrivals}, "the last tests arrived")

    def _all_answered(self) -> bool:
        """Whether each notification was sent; of the dead receiver, whether it was tried."""
        states: dict[str, str] = {one["notification_id"]: one["state"] for one in self._rest.records("deliveries.v1")}
        return all(
            one["notification_id"] in states and (one["subscription"] == DEAD or states[one["notification_id"]] == "sent")
            for one in self._rest.records("notifications.v1")
        )

    def _is_still(self) -> bool:
        """Whether no attempt was recorded for two looks."""
        count = len(self._rest.records("deliveries.v1"))
        self._looks = [*self._looks[-2:], count]
        return len(self._looks) > 2 and len(set(self._looks)) == 1

    def _all_seen(self) -> bool:
        for member, reader in self._readers.items():
            told = [one for one in self._rest.records(f"alerts.{member}.v1") if one["kind"] != "hour"]
            if len(reader.events) < len(told):
                return False
        return True


def _figures(alerts: list[Any], notifications: list[Any], receiver: Receiver, readers: dict[str, Reader]) -> str:
    again = len(receiver.arrivals) - len({one.id for one in receiver.arrivals})
    came = sum(reader.connected for reader in readers.values())
    return f"{len(alerts):,} alerts, {len(notifications):,} notifications, {again:,} webhooks again, readers came back {came:,} times"
