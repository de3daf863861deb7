"""A seed in; alerts as the statistics raise them, some of them twice as after a rebuild, and days that pass for the members, out.

Real alerts of the run's own messages come beside these. Days pass by ``hour`` records like those of ``share``, because the clock's ticks
keep to the wall clock: so digests, budgets and reminders come due within a run.
"""

from __future__ import annotations

import json
import random
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos_meaning import AGENCIES
from kafka import KafkaProducer
from kafka.errors import KafkaError

MARK = "chaos"
"""The rules that these alerts are raised under."""
DAYS_H = (24, 72, 120, 192)
LAST_H = (216, 228, 240, 252, 264)
"""Hours after the beginning that members' clocks show: while everything runs, and at rest. The last ones are never all at night."""
TWICE = 0.3
AGAIN_S = 1.0


class Alarms:
    """Makes the alerts of one run."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"alerts {seed}")

    def alerts(self, count: int) -> Iterator[dict[str, Any]]:
        """``count`` of them, without ``raised_at``."""
        while count > 0:
            agency = self._chance.choice([*AGENCIES, None])
            group = self._chance.choice(["drug", "fauna", "timber", None])
            kind = self._chance.choice(["SPIKE", "SPIKE", "MAJOR", "FIRST_SEEN"])
            opener = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
            for state in ("open", "escalated", "cleared")[: self._chance.randint(1, 3) if kind == "SPIKE" else 1]:
                tier = self._chance.choice(["NOTICE", "SPIKE", "SEVERE"])
                yield self._alert(agency, group, kind, tier, state, str(uuid.uuid5(uuid.UUID(opener), state)))
                count -= 1

    def again(self) -> bool:
        """Whether one is told twice."""
        return self._chance.random() < TWICE

    def _alert(self, agency: str | None, group: str | None, kind: str, tier: str, state: str, name: str) -> dict[str, Any]:
        today = datetime.now(UTC).date().isoformat()
        about = {"agency": agency, "commodity_group": group}
        return {
            "format": 1,
            "alert_id": name,
            "kind": kind,
            "state": state,
            "tier": tier,
            "series": "/".join(part for part in (agency or "network", group) if part),
            **{name: value for name, value in about.items() if value},
            "network": agency is None,
            "bucket": {"size": "day", "start": today, "end": today},
            "opened": today,
            "observed": self._chance.randint(1, 99),
            "ratio": round(self._chance.uniform(2, 40), 1),
            "sql": "SELECT 1",
            "sentences": {language: f"{name} ({language})" for language in ("en", "vi", "zh")},
            "explain": {"bits": round(self._chance.uniform(8, 60), 1)},
            "rules": MARK,
        }


class Writer:
    """Writes what others than agencies write, through every outage."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    def write(self, topic: str, records: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Key and value of each; returns when all are there. After an outage some of them may be there twice."""
        left = list(records)
        while left:
            try:
                producer = KafkaProducer(bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, max_block_ms=5_000)
                try:
                    sent = [producer.send(topic, json.dumps(value).encode(), key=key.encode()) for key, value in left]
                    producer.flush(30)
                    left = [one for one, future in zip(left, sent, strict=True) if not future.succeeded()]
                finally:
                    producer.close(timeout=5)
            except KafkaError:
                time.sleep(AGAIN_S)


class Alerter:
    """Writes the alerts spread over ``spread_s`` seconds, and lets days pass meanwhile."""

    def __init__(self, writer: Writer, alarms: Alarms, count: int, spread_s: float, agencies: Callable[[], Collection[str]]) -> None:
        self._writer, self._alarms, self._agencies = writer, alarms, agencies
        self._count, self._spread_s = count, spread_s
        self._told: list[tuple[str, dict[str, Any]]] = []
        self.written: set[str] = set()
        self.failed = ""
        """The trace of what it could not go on after."""
        self._began = datetime.now(UTC)
        self._thread = threading.Thread(target=self._run, name="alerter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def pass_to(self, hours: int) -> None:
        """Let the clocks of all members show so many hours after the beginning."""
        at = (self._began + timedelta(hours=hours)).isoformat()
        for member in self._agencies():
            hour = {"format": 1, "kind": "hour", "at": at, "member": member, "utc_offset": offset_of(member)}
            self._writer.write(f"alerts.{member}.v1", [(member, hour)])

    def _run(self) -> None:
        try:
            days = list(DAYS_H)
            for number, alert in enumerate(self._alarms.alerts(self._count), 1):
                time.sleep(self._spread_s / self._count)
                self._raise({**alert, "raised_at": _raised_at(alert).isoformat()})
                if number * (len(DAYS_H) + 1) >= (len(DAYS_H) - len(days) + 1) * self._count and days:
                    self.pass_to(days.pop(0))
        except BaseException as exc:  # noqa: BLE001 - the thread's outermost edge: the run fails by it
            self.failed = "".join(traceback.format_exception(exc))

    def _raise(self, alert: dict[str, Any]) -> None:
        self.written.add(alert["alert_id"])
        self._told = [*self._told, (alert["series"], alert)][-20:]
        self._writer.write("alerts.v1", [(alert["series"], alert), *(self._told[:1] if self._alarms.again() else ())])


def _raised_at(alert: dict[str, Any]) -> datetime:
    """Now; one over all members is raised at the end of a day that every clock has left."""
    now = datetime.now(UTC)
    return now if alert.get("agency") else now.replace(hour=23, minute=59, second=59, microsecond=0) - timedelta(days=1)


def offset_of(agency: str) -> str:
    """As a profile has it."""
    minutes = int(AGENCIES[agency] * 60)
    return f"+{minutes // 60:02}:{minutes % 60:02}"
