"""What was shared, told and delivered, and what arrived, in; every difference from the truth out, as sentences. Pure.

At rest: after enough days that nothing waits in a digest any more, and after enough attempts that nothing waits for another one,
but what goes to the dead receiver.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chaos_notices import Json, Phase, Told, about, shares, wanted
from chaos_subscribers import DEAD, Wish
from chaos_topics import Differences, doubled

WEEK = timedelta(days=7)
MOST_AHEAD = 2
"""Attempts at the dead receiver before all others had theirs: one is under way, one more may have run into its time."""


class Arrival(NamedTuple):
    """One request at the receiver."""

    path: str
    """The subscription's name."""
    id: str
    body: bytes
    is_signed: bool


class Event(NamedTuple):
    """One server-sent event as a reader got it."""

    id: int
    kind: str
    data: str


def check_alerts(found: Differences, alerts: Sequence[Json], injected: Collection[str], mark: str) -> None:
    """What was written is there, and the statistics raise no state of an alert twice."""
    there = {alert["alert_id"] for alert in alerts}
    found.differs("alerts written, but not there", sorted(set(injected) - there))
    found.differs("alerts raised twice", doubled(alert["alert_id"] for alert in alerts if alert["rules"] != mark))


def check_shared(
    found: Differences, shared: Mapping[str, Sequence[Json]], alerts: Iterable[Json], journal: Iterable[Json], phase: Phase
) -> None:
    """Each alert state and message is on the topic of each member that may see it, once."""
    there = Counter((member, _about(one)) for member, records in shared.items() for one in records if one["kind"] != "hour")
    found.compare("shared", there, shares(alerts, journal, shared.keys(), phase))


def check_notifications(
    found: Differences,
    notifications: Sequence[Json],
    wishes: Sequence[Wish],
    shared: Mapping[str, Sequence[Json]],
    tests: Mapping[str, int],
) -> None:
    """Each subscription is told of all that it wants, once, under one id, and within its budget."""
    found.differs("ids of two notifications", doubled(one["notification_id"] for one in notifications))
    mine: dict[str, list[Json]] = defaultdict(list)
    for one in notifications:
        mine[one["subscription"]].append(one)
    found.differs("notifications of nobody", sorted(mine.keys() - {wish.name for wish in wishes}))
    for wish in wishes:
        told = Counter(told for one in mine[wish.name] for told in _told(one))
        tested = Counter({("test",): tests.get(wish.name, 0)})
        found.compare(f"{wish.name}: told", told, wanted(wish, shared.get(wish.member, ())) + tested)
        alive = [one["raised_at"] for one in mine[wish.name] if one["reason"] == "alive"]
        found.differs(f"{wish.name}: signs of life twice", doubled(alive))
        found.differs(f"{wish.name}: notifications for another member", [one for one in mine[wish.name] if one["member"] != wish.member])
        _check_budget(found, wish, mine[wish.name])


def _check_budget(found: Differences, wish: Wish, notifications: Iterable[Json]) -> None:
    at = sorted(datetime.fromisoformat(one["raised_at"]) for one in notifications if one["reason"] == "alert")
    over = [f"{end:%d %H:%M}" for end in at if sum(end - WEEK < one <= end for one in at) > wish.budget]
    found.differs(f"{wish.name}: over its budget of {wish.budget} a week", over)


def check_deliveries(found: Differences, deliveries: Iterable[Json], notifications: Iterable[Json]) -> None:
    """Attempts are on record without a gap, and end in one that was sent; those at the dead receiver are all to be tried again."""
    dead = {one["notification_id"]: one["subscription"] == DEAD for one in notifications}
    attempts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in deliveries:
        attempts[one["notification_id"]].append((one["attempt"], one["state"]))
    found.differs("deliveries of nothing", sorted(attempts.keys() - dead.keys()))
    found.differs("notifications without an attempt", sorted(dead.keys() - attempts.keys()))
    for name in attempts.keys() & dead.keys():
        count = len(attempts[name])
        states = ["retrying"] * count if dead[name] else [*["retrying"] * (count - 1), "sent"]
        if attempts[name] != list(zip(range(1, count + 1), states, strict=True)):
            found.append(f"{name}: its attempts are {attempts[name]}, should be {states}")


def check_arrivals(found: Differences, arrivals: Sequence[Arrival], notifications: Iterable[Json], wishes: Iterable[Wish]) -> None:
    """Each webhook arrived at least once; one that came again had the same id and body; all were signed."""
    hooks = {wish.name for wish in wishes if wish.channel == "webhook"}
    sent = {one["notification_id"]: one for one in notifications if one["subscription"] in hooks}
    bodies: dict[str, set[tuple[str, bytes]]] = defaultdict(set)
    for one in arrivals:
        bodies[one.id].add((one.path, one.body))
    found.differs("webhooks that never arrived", sorted(sent.keys() - bodies.keys()))
    found.differs("webhooks of nothing", sorted(bodies.keys() - sent.keys()))
    found.differs("webhooks without a genuine signature", [one.id for one in arrivals if not one.is_signed])
    found.differs("one id with two bodies", [name for name, ones in bodies.items() if len(ones) > 1])
    for name in bodies.keys() & sent.keys():
        path, body = next(iter(bodies[name]))
        said, meant = json.loads(body), sent[name]
        if (said["type"], path, said["data"]["subscription"]) != (f"mekong.{meant['reason']}", *[meant["subscription"]] * 2):
            found.append(f"{name} says another thing at {path}: {said['type']} for {said['data']['subscription']}")


def check_nobody_waits(found: Differences, arrivals: Iterable[Arrival], last: Mapping[str, str]) -> None:
    """While the dead receiver holds on to what it gets, ``last`` (id -> subscription) arrives at the others."""
    ahead, waiting = 0, {name for name, subscription in last.items() if subscription != DEAD}
    for one in arrivals:
        waiting.discard(one.id)
        if not waiting:
            break
        ahead += one.path == DEAD
    if waiting or ahead > MOST_AHEAD:
        found.append(f"the dead receiver delays others: {ahead} attempts at it came before theirs, {len(waiting)} never came")


def check_reader(found: Differences, member: str, events: Sequence[Event], records: Sequence[tuple[int, str]]) -> None:
    """A reader that came back again and again has seen each record (offset and value) once, in order."""
    wanted = [Event(offset, shared["kind"], value) for offset, value in records if (shared := json.loads(value))["kind"] != "hour"]
    if list(events) == wanted:
        return
    ids = [one.id for one in events]
    found.differs(f"reader of {member}: events twice", doubled(ids))
    found.differs(f"reader of {member}: records it never saw", sorted({one.id for one in wanted} - set(ids)))
    found.append(f"reader of {member}: {len(events)} events, should be {len(wanted)}, or they are out of order or say something else")


def _about(shared: Json) -> Told:
    return ("alert", shared["alert"]["alert_id"]) if shared["kind"] == "alert" else about(shared["message"])


def _told(notification: Json) -> Iterable[Told]:
    """What a notification tells of."""
    reason, items = notification["reason"], notification["items"]
    if reason in {"alert", "digest"}:
        assert reason == "digest" or len(items) == 1
        return [("alert", item["alert_id"]) for item in items]
    if reason == "warning":
        return [about(item) for item in items]
    if reason == "reminder":
        by = datetime.fromisoformat(items[0]["feedback_by"]).isoformat()
        return [("reminder", items[0]["event_id"], by, *sorted(items[0]["missing"]))]
    return [("test",)] if reason == "test" else []
