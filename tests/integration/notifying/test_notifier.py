"""`mekong notify` on the real broker, against receivers that fail, hang, redirect, and while it is killed."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.schemas.topics import NOTIFICATIONS, SUBSCRIPTIONS

pytestmark = pytest.mark.integration


def hook(receiver: Any, path: str) -> dict[str, str]:
    return {"channel": "webhook", "url": receiver.url(path), "secret_name": "VN_CUSTOMS"}


def ended(exchange: Any, state: DeliveryState = DeliveryState.SENT) -> Counter[str]:
    return Counter(str(one.notification_id) for one in exchange.deliveries() if one.state is state)


def last_of(exchange: Any, name: str) -> Delivery | None:
    found = [one for one in exchange.deliveries() if one.subscription == name]
    return found[-1] if found else None


def test_each_channel_gets_what_it_is_to_get_and_a_dead_receiver_delays_nobody(exchange, receiver, mailbox, notifier):
    for path in ("ok", "hang", "move", "gone", "fail"):
        exchange.subscribe(path, **hook(receiver, path))
    exchange.subscribe("mail", channel="mail", to="duty@example.org")
    exchange.subscribe("nobody", channel="mail", to="nobody@example.org")
    exchange.subscribe("reader", channel="stream")
    exchange.notify("hang", 3)
    notifier()
    exchange.write(NOTIFICATIONS.name, b"no record at all")
    ids = {name: [str(one) for one in exchange.notify(name, 4)] for name in ("ok", "move", "gone", "mail", "nobody", "reader")}
    failing = [str(one) for one in exchange.notify("fail")]

    wait = exchange.wait_until
    wait(lambda: set(ids["ok"]) <= set(ended(exchange)), "webhooks to the good receiver", 40)
    assert receiver.ids("ok") == Counter(ids["ok"])
    assert receiver.arrived["ok"] == ids["ok"], "in order"
    wait(lambda: len(mailbox.mails) >= 4, "mails", 30)
    assert [mail["Message-ID"] for mail in mailbox.mails] == [f"<{one}@example.net>" for one in ids["mail"]]
    wait(lambda: set(ids["gone"]) | set(ids["nobody"]) <= set(ended(exchange, DeliveryState.PARKED)), "what is hopeless is parked", 30)
    wait(lambda: set(ids["reader"]) <= set(ended(exchange)), "what a reader fetches is recorded", 30)
    wait(lambda: last_of(exchange, "move") is not None, "an attempt at the receiver that redirects", 30)
    moved = last_of(exchange, "move")
    assert moved is not None
    assert (moved.state, moved.detail) == (DeliveryState.RETRYING, "answered 307: redirects are not followed")
    assert "ok-target" not in receiver.arrived
    wait(lambda: set(failing) <= set(ended(exchange)), "the second attempt goes through", 30)
    assert receiver.ids("fail") == Counter({failing[0]: 2})
    assert [one.attempt for one in exchange.deliveries() if one.subscription == "fail"] == [1, 2]
    assert receiver.unsigned == 0
    assert set(ended(exchange).values()) == {1}
    assert receiver.ids("gone") == Counter(ids["gone"][:1]), "asked once"


def test_inner_addresses_are_refused_unless_they_are_allowed(exchange, receiver, notifier):
    exchange.subscribe("inside", **hook(receiver, "ok"))
    exchange.subscribe("by-name", channel="webhook", url=f"http://localhost:{receiver.port}/ok", secret_name="VN_CUSTOMS")
    exchange.subscribe("unsigned", channel="webhook", url=receiver.url("ok"), secret_name="VN_CUSTOMS__NOT_SET")
    for name in ("inside", "by-name", "unsigned"):
        exchange.notify(name)
    notifier(MEKONG_WEBHOOK_ALLOW_PRIVATE="0")
    wait = exchange.wait_until
    wait(lambda: {one.subscription for one in exchange.deliveries()} == {"inside", "by-name", "unsigned"}, "an attempt each", 40)
    details = {one.subscription: one.detail for one in exchange.deliveries()}
    assert details["inside"] == "127.0.0.1 is not a public address"
    assert details["by-name"] == "no connection: localhost leads to no public address"
    assert details["unsigned"] == "MEKONG_WEBHOOK_SECRET_VN_CUSTOMS__NOT_SET is not set"
    assert receiver.arrived == {}


def test_killed_at_random_moments_it_delivers_each_at_least_once_under_one_id_and_records_it_once(exchange, receiver, notifier):
    names = ["slow-a", "slow-b", "slow-c"]
    for name in names:
        exchange.subscribe(name, **hook(receiver, name))
    sent: dict[str, set[str]] = {name: set() for name in names}
    chance = random.Random(20_261_122)
    for _ in range(6):
        for name in names:
            sent[name] |= {str(one) for one in exchange.notify(name, 15)}
        process = notifier()
        began, before = time.monotonic(), sum(map(len, receiver.arrived.values()))
        while sum(map(len, receiver.arrived.values())) == before and time.monotonic() < began + 30:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
    notifier()
    everything = set().union(*sent.values())
    exchange.wait_until(lambda: set(ended(exchange)) == everything, "everything is delivered", 90)
    assert set(ended(exchange).values()) == {1}, "one record of success each"
    for name in names:
        assert set(receiver.ids(name)) == sent[name]
    again = sum(map(len, receiver.arrived.values())) - len(everything)
    assert again <= 6 * len(names), "only what was in flight at a kill is sent again"
    assert receiver.unsigned == 0


def test_a_second_notifier_takes_over_and_the_first_one_ends(exchange, receiver, notifier):
    exchange.subscribe("ok", **hook(receiver, "ok"))
    first = notifier()
    one = exchange.notify("ok")
    wait = exchange.wait_until
    wait(lambda: set(ended(exchange)) == set(map(str, one)), "the first delivers", 40)
    second = notifier()
    wait(lambda: any("ready" in line for line in second.last_words(5).splitlines()), "the second is ready", 40)
    two = exchange.notify("ok", 5)
    wait(lambda: set(ended(exchange)) == set(map(str, one + two)), "all are delivered", 40)
    wait(lambda: first.exit_code is not None, "the first has ended", 40)
    assert first.exit_code == 2
    assert set(ended(exchange).values()) == {1}
    assert second.exit_code is None


def test_told_to_stop_it_ends_what_is_in_flight_and_goes_on_where_it_was(exchange, receiver, notifier):
    exchange.subscribe("slow", **hook(receiver, "slow"))
    ids = {str(one) for one in exchange.notify("slow", 30)}
    process = notifier()
    exchange.wait_until(lambda: bool(receiver.arrived), "it has begun", 40)
    assert process.stop(20) == 0
    notifier()
    exchange.wait_until(lambda: set(ended(exchange)) == ids, "everything is delivered", 40)
    assert receiver.ids("slow") == Counter(dict.fromkeys(ids, 1)), "an orderly end sends nothing twice"


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_a_paused_subscription_gets_nothing_and_a_removed_one_is_given_up(
    exchange: Any, receiver: Any, notifier: Callable[..., Any], state: str
):
    exchange.subscribe("other", **hook(receiver, "ok"))
    exchange.subscribe("duty", **hook(receiver, "duty"))
    changed = {
        "id": "duty",
        "member": "VN-CUSTOMS",
        "channel": hook(receiver, "duty"),
        "state": state,
        "changed_at": "2026-01-01T00:00:00Z",
    }
    exchange.write(SUBSCRIPTIONS.name, json.dumps(changed).encode(), key=b"duty")
    exchange.notify("duty")
    others = {str(one) for one in exchange.notify("other")}
    notifier()
    exchange.wait_until(lambda: others <= set(ended(exchange)), "the other one gets its own", 40)
    time.sleep(0.5)
    assert "duty" not in receiver.arrived
    parked = [one.detail for one in exchange.deliveries() if one.state is DeliveryState.PARKED]
    assert parked == (["the subscription was removed"] if state == "removed" else [])
