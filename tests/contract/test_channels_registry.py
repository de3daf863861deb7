"""Every channel: what it does not say it does not have, it is known wherever channels are, and a kill loses nothing and repeats little."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import mekong.sinks.delivery
from mekong.deploy.cli.subscribe import add
from mekong.schemas import channels
from mekong.schemas.channels import CHANNELS, Channel, name_of
from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery.channels import SENDERS
from mekong.sinks.delivery.channels import channels as opened
from mekong.sinks.delivery.pending import StoredNotification
from mekong.sinks.delivery.poster import Poster
from mekong.sinks.delivery.sender import Sender
from tests.property.test_notifier_machine import Life, World

AT = datetime(2026, 5, 3, 8, tzinfo=UTC)
VALUES = {"url": "https://hooks.example.org/x", "secret_name": "VN_CUSTOMS", "to": "duty@example.org"}
"""A value for each field that an option gives."""
NAMES = {channel: name_of(channel) for channel in CHANNELS}
DECLARED = [found for _, found in inspect.getmembers(channels, inspect.isclass) if issubclass(found, Channel) and found is not Channel]
EVERY = pytest.mark.parametrize("channel", CHANNELS, ids=name_of)


def example(channel: type[Channel]) -> dict[str, str]:
    return {"channel": name_of(channel), **{one.field: VALUES[one.field] for one in channel.options}}


def subscription(channel: type[Channel], name: str = "duty", state: str = "active") -> Subscription:
    return Subscription.model_validate({"id": name, "member": "VN-CUSTOMS", "channel": example(channel), "state": state, "changed_at": AT})


def delivery(name: str) -> Delivery:
    given = {"notification_id": UUID(int=1), "subscription": "duty", "state": "sent", "attempt": 1, "at": AT, "raised_at": AT}
    return Delivery.model_validate({**given, "channel": name})


@pytest.mark.parametrize("declared", DECLARED, ids=name_of)
def test_every_channel_that_is_declared_is_registered(declared):
    assert declared in CHANNELS, f"channel {name_of(declared)}: not in AnyChannel of schemas/channels.py"


@EVERY
def test_every_channel_has_a_sender(channel):
    assert channel in SENDERS, f"channel {name_of(channel)}: not in SENDERS of sinks/delivery/channels.py"


def test_every_sender_is_registered():
    modules = [
        importlib.import_module(f"mekong.sinks.delivery.{name}") for _, name, _ in pkgutil.iter_modules(mekong.sinks.delivery.__path__)
    ]
    for module in modules:
        for name, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, Sender) and found not in {Sender, Poster}:
                assert found in SENDERS.values(), f"{name} of {module.__name__}: not in SENDERS of sinks/delivery/channels.py"


@EVERY
def test_every_channel_has_a_sentence_of_help_and_says_where_it_goes_without_a_secret(channel):
    assert channel.purpose.endswith(".")
    found = subscription(channel).channel
    assert found.target
    assert not (found.secret and found.secret in found.target)


@EVERY
def test_a_channel_whose_address_is_given_has_it_checked(channel):
    assert "url" not in channel.model_fields or subscription(channel).channel.address, f"channel {name_of(channel)}: address is not its url"


def test_a_channel_that_says_nothing_has_no_link_no_second_attempt_and_no_secret():
    class Bare(Channel):
        channel: str = "bare"

    bare = Bare()
    assert not bare.retries
    assert bare.secret is None
    assert not any(bare.may_carry_link(inner=inner) for inner in (False, True))


@EVERY
def test_a_delivery_by_every_channel_can_be_recorded(channel):
    assert delivery(name_of(channel)).channel == name_of(channel)


@pytest.mark.parametrize(
    "made", [delivery, lambda name: Subscription.model_validate({**subscription(CHANNELS[0]).model_dump(), "channel": {"channel": name}})]
)
def test_an_unknown_channel_is_refused_in_every_record(made):
    with pytest.raises(ValidationError, match="channel"):
        made("pigeon")


@EVERY
def test_subscribe_add_has_the_options_of_every_channel(channel):
    flags = {flag for parameter in add.get_params(click.Context(add)) for flag in parameter.opts}
    assert {one.flag for one in channel.options} <= flags
    assert channel.options or f"--{name_of(channel)}" in flags


def test_subscribe_add_refuses_none_and_an_unknown_one():
    none = CliRunner().invoke(add, ["duty", "--member", "VN-CUSTOMS"])
    unknown = CliRunner().invoke(add, ["duty", "--member", "VN-CUSTOMS", "--pigeon", "coop"])
    assert (none.exit_code, unknown.exit_code) == (2, 2)
    assert all(f"--{name_of(channel)}" in none.output for channel in CHANNELS)
    assert "--pigeon" in unknown.output


@EVERY
def test_the_notifier_opens_every_channel_and_gives_a_link_only_to_one_that_says_so(channel, monkeypatch):
    links = []

    async def deliver(_sender: Any, _notification: Any, _to: Any, link: Any = None) -> Any:
        links.append(link)

    monkeypatch.setattr(SENDERS[channel], "deliver", deliver)
    settings = Settings(public_url="https://alerts.example.org", secret="hush")  # type: ignore[arg-type]
    told = {"subject": "Spike", "text": "Nine cases.", "language": "en", "raised_at": AT, "reason": "alert", "offset": 3}
    one = StoredNotification.model_validate({**told, "subscription": "duty", "member": "VN-CUSTOMS", "notification_id": UUID(int=1)})

    async def attempt() -> None:
        async with opened(settings) as one_attempt:
            await one_attempt(one, subscription(channel))

    asyncio.run(attempt())
    assert [link is not None for link in links] == [subscription(channel).channel.may_carry_link(inner=False)]


KILLS = st.lists(st.sampled_from(["sent, then killed", "killed", "sent"]), max_size=5)
COMMITS = st.lists(st.sampled_from(["done", "done, no answer", "not done, no answer"]), max_size=4)


@EVERY
@given(st.integers(1, 3), st.lists(st.tuples(KILLS, COMMITS), max_size=4))
def test_a_kill_between_send_and_record_sends_again_at_most_once_more_and_loses_nothing(channel, count, lives):
    world = World()
    world.subscriptions.append(subscription(channel))
    for _ in range(count):
        world.notify("duty")
    for attempts, commits in lives:
        Life(world, list(attempts), list(commits)).live()
    Life(world, [], []).live()
    ended = [one.notification_id for one in world.deliveries if one.state is not DeliveryState.RETRYING]
    assert sorted(ended) == [UUID(int=number) for number in range(count)], "each is recorded at its end once"
    assert all(1 <= len(bodies) <= 1 + len(lives) and len(set(bodies)) == 1 for bodies in world.got.values())
    assert set(world.got) == set(ended), "none is lost"


@EVERY
def test_an_attempt_that_failed_is_made_again_only_where_the_channel_says_so(channel):
    world = World()
    world.subscriptions.append(subscription(channel))
    world.notify("duty")
    Life(world, ["no"], []).live()
    states = [one.state for one in world.deliveries]
    assert states == ([DeliveryState.RETRYING, DeliveryState.SENT] if channel.retries else [DeliveryState.PARKED])


def test_no_two_channels_have_the_same_option():
    flags = [option.flag for channel in CHANNELS for option in channel.options]
    assert sorted(flags) == sorted(set(flags)), "an option says which channel is meant"
