"""Who subscribes in a run, and what each of them must and must not get: plain facts, and nothing of the product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chaos_meaning import JOINER

SECRET = "a secret of the receiver"
DEAD = "dead"


class Wish(NamedTuple):
    """One subscription. Its webhook goes to the path of its name, which says how the receiver treats it (chaos_receiver.py)."""

    name: str
    member: str
    budget: int = 1_000
    groups: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    """Series."""
    quiet: tuple[str, str] | None = None
    channel: str = "webhook"

    def wants(self, alert: Mapping[str, Any]) -> bool:
        """Whether it is to be told of an alert that its member may see."""
        is_taken = not self.groups or alert.get("commodity_group") in self.groups
        return is_taken and (not self.tiers or alert["tier"] in self.tiers) and alert["series"] not in self.muted

    def record(self, port: int, state: str = "active") -> dict[str, Any]:
        """As it is written to ``subscriptions.v1``."""
        webhook = {"url": f"http://127.0.0.1:{port}/{self.name}", "secret_name": self.member.replace("-", "_")}
        return {
            "id": self.name,
            "member": self.member,
            "channel": {"channel": self.channel, **(webhook if self.channel == "webhook" else {})},
            "filter": {"commodity_groups": self.groups, "tiers": self.tiers},
            "budget_per_week": self.budget,
            "quiet": {"start": self.quiet[0], "end": self.quiet[1]} if self.quiet else None,
            "state": state,
            "changed_at": datetime.now(UTC).isoformat(),
        }

    def answers(self) -> list[dict[str, Any]]:
        """What it says before anything happens: its mutes, and that it wants a test."""
        said: list[dict[str, Any]] = [{"kind": "mute", "series": one, "until": "2099-01-01T00:00:00Z"} for one in self.muted]
        return [{"subscription": self.name, "at": datetime.now(UTC).isoformat(), **one} for one in [*said, {"kind": "test"}]]


WISHES = (
    Wish("steady", "VN-CUSTOMS"),
    Wish("wobbly", "LA-CUSTOMS"),
    Wish("sparse", "LA-CUSTOMS", budget=3, groups=("drug", "fauna"), tiers=("SPIKE", "SEVERE")),
    Wish("silent", "VN-CUSTOMS", budget=20, muted=("CN-CUSTOMS/drug", "VN-CUSTOMS/drug"), quiet=("22:00", "06:00")),
    Wish("reading", "TH-CUSTOMS", budget=0, channel="stream"),
    Wish("late", JOINER, budget=5),
    Wish(DEAD, JOINER, budget=2),
)
READERS = ("VN-CUSTOMS", "LA-CUSTOMS", JOINER)
"""Members with a reader of server-sent events."""
