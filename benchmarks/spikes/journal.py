"""Journal entries for the benchmarks, as plain JSON values: what a member's profile, ticks and cases look like to the detectors."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from mekong.schemas.alerts import Alert
from mekong.schemas.wire import dump, load
from mekong.streams.core.spikes.agency import AgencyDetectors
from mekong.streams.core.spikes.rules import DEFAULT, Rules

Entry = dict[str, Any]


def profile(agency: str, country: str = "VN", phases: Iterable[tuple[date, date]] = (), name: str = "") -> Entry:
    """An agency whose day ends at midnight UTC."""
    memberships = [{"role": "member", "starts_on": first.isoformat(), "ends_on": last.isoformat()} for first, last in phases]
    value = {"utc_offset": "+00:00", "country": country, "name": name or agency, "memberships": memberships}
    return {"kind": "agency", "agency": agency, "profile": value}


def tick(agency: str, day: int) -> Entry:
    """The first tick of a day (ordinal)."""
    return {"kind": "tick", "agency": agency, "at": f"{date.fromordinal(day).isoformat()}T00:00:00Z"}


def case(agency: str, number: int, day: int, arrives: int, *, group: str = "drug", size: str = "day", batch: str | None = None) -> Entry:
    """A first version of a case of ``day`` that arrives on day ``arrives``."""
    at = datetime.fromordinal(arrives) + timedelta(hours=9, seconds=number % 30_000)
    contribution = {"precision": size, "day": date.fromordinal(day).isoformat(), "minute": None, "phase": None, "groups": {group: [1, 0]}}
    return {
        "kind": "version",
        "family": "case",
        "agency": agency,
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{agency}/{number}")),
        "version": 1,
        "status": "current",
        "content": {"lines": [{"commodity_group": group}]},
        "enriched": {"lines": [{}]},
        "received_at": f"{at.isoformat()}Z",
        "batch": batch,
        "contribution": contribution,
        "supersedes": None,
    }


def fold(agency: str, entries: Iterable[Entry], rules: Rules = DEFAULT, run: int = 1_000_000) -> tuple[list[Alert], dict[str, bytes]]:
    """Alerts and final state of one agency's entries, read and stored every ``run`` entries."""
    state: dict[str, bytes] = {}
    alerts: list[Alert] = []
    watch: AgencyDetectors | None = None

    def get(name: str) -> Any | None:
        raw = state.get(name)
        return load(raw) if raw is not None else None

    for place, entry in enumerate(entries):
        if watch is None or place % run == 0:
            _store(watch, state)
            watch = AgencyDetectors.from_stored(agency, get, rules)
        alerts += watch.take(entry)
    _store(watch, state)
    return alerts, state


def _store(watch: AgencyDetectors | None, state: dict[str, bytes]) -> None:
    if watch is not None:
        state.update({name: dump(value) for name, value in watch.stored().items()})
