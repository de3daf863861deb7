"""Webhooks through ``deliver``, to a server on this machine: nothing of ours can be reached by any way to write its address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import aiohttp.connector
import pytest
from aiohttp import web

from mekong.schemas.channels import Webhook
from mekong.schemas.notifications import DeliveryState, Notification
from mekong.schemas.settings import Settings
from mekong.sinks.delivery import poster
from mekong.sinks.delivery.outcome import Outcome
from mekong.sinks.delivery.webhook import Webhooks
from tests.unit.test_webhook_address import ODD

HERE = [*ODD, "127.0.0.1", "[::1]", "localhost", "localhost.", "ip6-localhost", "0.0.0.0", "[::]"]
NOTIFICATION = Notification(
    notification_id=UUID(int=5),
    subscription="duty",
    member="VN-CUSTOMS",
    reason="alert",
    raised_at=datetime(2026, 5, 3, 8, tzinfo=UTC),
    language="en",
    subject="s",
    text="t",
    items=(),
)


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("MEKONG_WEBHOOK_SECRET_VN_CUSTOMS", "0123456789abcdef01234567")


def told(hosts: list[str], *, private: bool = False) -> tuple[list[Outcome], int]:
    """What came of one attempt to each host, and how many the server on this machine got."""

    both = socket.has_dualstack_ipv6()
    listening = socket.create_server(("", 0), family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both)

    async def run() -> tuple[list[Outcome], int]:
        hits = 0

        async def hit(_: web.Request) -> web.Response:
            nonlocal hits
            hits += 1
            return web.Response()

        app = web.Application()
        app.router.add_route("*", "/hook", hit)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        port = listening.getsockname()[1]
        async with Webhooks(Settings(webhook_allow_private=private)) as webhooks:
            to = [Webhook(url=f"http://{host}:{port}/hook", secret_name="VN_CUSTOMS") for host in hosts]
            outcomes = [await webhooks.deliver(NOTIFICATION, one) for one in to]
        await runner.cleanup()
        return outcomes, hits

    return asyncio.run(run())


def check_refused(hosts: list[str]) -> None:
    outcomes, hits = told(hosts)
    assert hits == 0
    assert {outcome.state for outcome in outcomes} == {DeliveryState.RETRYING}
    assert all(outcome.detail for outcome in outcomes)


def test_a_server_of_this_machine_is_reached_where_inner_addresses_are_allowed():
    assert told(["127.0.0.1", "localhost"], private=True) == ([Outcome(DeliveryState.SENT)] * 2, 2)


def test_no_way_to_write_an_inner_address_reaches_it():
    check_refused(HERE)


def test_it_does_not_rest_on_the_http_client(monkeypatch):
    monkeypatch.setattr(aiohttp.connector, "is_canonical_ipv4_address", lambda _: True, raising=False)
    check_refused(HERE)


def test_it_does_not_rest_on_how_the_host_is_written(monkeypatch):
    """The check of the socket alone, as if the client took every spelling for an address and we let all of them pass."""
    monkeypatch.setattr(aiohttp.connector, "is_canonical_ipv4_address", lambda _: True, raising=False)
    monkeypatch.setattr(poster, "_host", lambda _: "example.org")
    check_refused(HERE)


def test_a_name_that_changes_its_answer_gains_nothing(monkeypatch):
    resolve: Callable[..., object] = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **options: resolve("127.0.0.1", *more, **options))
    check_refused(["rebound.example"])


def test_a_subscription_that_names_another_members_secret_is_sent_nothing(monkeypatch):
    another = NOTIFICATION.model_copy(update={"member": "LA-CUSTOMS"})
    monkeypatch.setattr("tests.unit.test_webhook_delivery.NOTIFICATION", another)
    (refused,), hits = told(["127.0.0.1"], private=True)
    assert hits == 0
    assert "VN_CUSTOMS is not a secret of LA-CUSTOMS" in refused.detail


def test_what_was_refused_says_so():
    (odd, inner), _ = told(["127.1", "127.0.0.1"])
    assert "odd way to write an address" in odd.detail
    assert "not a public address" in inner.detail
