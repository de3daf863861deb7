"""Gate 8, simulated phases: 154 days and about 1,700 cases with planted spikes, through intake and both folds, as if it were live."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from benchmarks.spikes.gate import Gate
from mekong.deploy.backtest.file import Record
from mekong.deploy.backtest.load import MOST
from mekong.deploy.backtest.planted import Search, search
from mekong.deploy.backtest.replay import Placed, Replay
from mekong.deploy.profiles import profile_of
from mekong.producers.simulate import Simulated, simulate
from mekong.producers.simulation.truth import Planted
from mekong.schemas import wire
from mekong.schemas.alerts import Alert, State, Tier
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, Tick, sign
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.intake.identity import Ids
from mekong.streams.core.spikes.rules import DEFAULT, Rules

SEEDS = range(1, 9)
LEAD_DAYS = 45
"""The members' clocks run before the phase, and nothing is reported."""
TAIL_DAYS = 20
_SECRET = b"benchmark"
_HOURS = 6  # between two ticks
_SIZES = (1, 5, 7, 9, 13, 10_000)  # of plants, in cases


def gates(seeds: range = SEEDS) -> Iterator[Gate]:
    """Measure."""
    told, all_alerts, false = [], Counter[str](), []
    found: dict[str, list[Search]] = defaultdict(list)
    for seed in seeds:
        alerts, truth = replay(simulate("V", seed, event_id=Ids(_SECRET).of))
        told.append(sum(_is_notified(alert) for alert in alerts))
        all_alerts.update(f"{alert.kind} {alert.state}" for alert in alerts)
        for one in search(truth, alerts):
            found[one.planted.kind].append(one)
        quiet, _ = replay(simulate("V", seed, event_id=Ids(_SECRET).of, planted=False))
        false.append(sum(_is_notified(alert) for alert in quiet))
    mean, n = sum(told) / len(told), len(seeds)
    kinds = ", ".join(f"{kind} {count / n:.1f}" for kind, count in sorted(all_alerts.items()))
    text = f"{mean:.1f} on average of {n} phases V, {max(told)} at most (SPIKE and SEVERE, opened or escalated); "
    text += f"{sum(false) / n:.1f} where nothing was planted"
    yield Gate("8b", f"simulated: at most {MOST} notifications a phase to a subscriber to everything", text, mean <= MOST)
    yield Gate("8b", "  all alerts a phase", kinds)
    for kind, plants in sorted(found.items()):
        got = sorted(one.days for one in plants if one.days is not None)
        delay = f" {got[len(got) // 2]:.1f} days after it began (median)" if got else ""
        yield Gate("8c", f"  planted {kind}", f"{len(got)} of {len(plants)} told{delay}{_by_size(kind, plants)}")


def _by_size(kind: str, plants: list[Search]) -> str:
    """Of bursts and rises, how many were told by the cases that were added."""
    if kind not in {"burst", "rise", "network_rise"}:
        return ""
    parts = []
    for least, most in pairwise(_SIZES):
        days = [one.days for one in plants if least <= one.planted.size < most]
        sizes = f"{least} to {most - 1}" if most < _SIZES[-1] else f"{least} or more"
        parts += [f"{sizes} cases: {len(days) - days.count(None)} of {len(days)}"] if days else []
    return "; " + ", ".join(parts)


def _is_notified(alert: Alert) -> bool:
    """What goes out at once by default: digests carry the rest."""
    return alert.tier is not Tier.NOTICE and alert.state is not State.CLEARED


def replay(simulated: Simulated, rules: Rules = DEFAULT) -> tuple[list[Alert], list[Planted]]:
    """Every member's alerts and those of all together, in the order of their raising."""
    entries = sorted(journal(simulated), key=lambda entry: entry["received_at"])
    found = Replay(rules)
    for entry in entries:
        found.take(Placed(0, entry))
    return found.alerts, simulated.truth


def journal(simulated: Simulated) -> Iterator[dict[str, Any]]:
    """What intake makes of the messages and of the clock's ticks."""
    sent: dict[str, list[tuple[int, bytes, tuple[tuple[str, bytes], ...]]]] = defaultdict(list)
    first = datetime.combine(simulated.phase.start, datetime.min.time(), UTC) - timedelta(days=LEAD_DAYS)
    last = first + timedelta(days=LEAD_DAYS + simulated.phase.days + TAIL_DAYS)
    for member in simulated.members:
        sent[member.agency].append(_control(member.agency, first, wire.encode(_profile(member.agency, simulated))))
        at = first
        while at < last:
            sent[member.agency].append(_control(member.agency, at, wire.encode(Tick(at=at))))
            at += timedelta(hours=_HOURS)
    for at, message in simulated.messages:
        if at < last:
            sent[message.agency].append((round(at.timestamp() * 1_000), wire.encode(message), ()))
    for agency, log in sent.items():
        log.sort(key=lambda one: one[0])
        records = [Record(offset, ms, None, value, headers) for offset, (ms, value, headers) in enumerate(log)]
        for said in Intake(Deployment(_SECRET, clock_is_on=True)).fold(Draft({}, {}), f"in.{agency}.v1", agency, records):
            if said.entry:
                yield wire.load(wire.dump(said.entry))


def _profile(agency: str, simulated: Simulated) -> AgencyProfile:
    """The member as it is, in a phase that ends when the simulated one does."""
    first, last = simulated.phase.start, simulated.phase.start + timedelta(days=simulated.phase.days - 1)
    known = profile_of(agency)
    memberships = [
        member.model_copy(update={"starts_on": first, "ends_on": last})
        for member in known.memberships
        if member.phase == simulated.phase.code
    ]
    return known.model_copy(update={"memberships": tuple(memberships)})


def _control(agency: str, at: datetime, value: bytes) -> tuple[int, bytes, tuple[tuple[str, bytes], ...]]:
    return round(at.timestamp() * 1_000), value, ((CONTROL_HEADER, sign(_SECRET, f"in.{agency}.v1", value)),)
