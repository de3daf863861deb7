"""Which addresses a webhook may go to."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from sinks.notify.address import AddressRefused, Resolver, check_literal, is_public

PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_an_inner_network_is_not_public(address):
    assert not is_public(address)
    with pytest.raises(AddressRefused):
        check_literal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)
    check_literal(address)


@pytest.mark.parametrize("host", ["example.org", "2130706433", "0x7f.1", "localhost"])
def test_a_name_passes_the_check_of_literals_because_the_resolver_checks_it(host):
    check_literal(host)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
def test_a_name_that_leads_only_inside_is_refused_however_it_is_written(host):
    with pytest.raises(AddressRefused):
        asyncio.run(Resolver(private=False).resolve(host, 80))


def test_a_name_that_leads_inside_and_outside_is_connected_outside_only(monkeypatch):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("10.0.0.1", "93.184.216.34")]

    async def resolved() -> list[str]:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answers)
        return [found["host"] for found in await Resolver(private=False).resolve("example.org", 80)]

    assert asyncio.run(resolved()) == ["93.184.216.34"]


def test_inner_addresses_may_be_allowed():
    found = asyncio.run(Resolver(private=True).resolve("localhost", 80, socket.AF_INET))
    assert [one["host"] for one in found] == ["127.0.0.1"]


def test_names_that_are_not_answered_hold_one_thread_each_and_delay_no_other(monkeypatch):
    answer, asked = threading.Event(), list[str]()

    def look_up(host: str, *_args: object, **_options: object) -> object:
        asked.append(host)
        if host.startswith("slow"):
            answer.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 0))]

    async def resolve() -> None:
        resolver = Resolver(private=False)
        for _ in range(3):  # whoever asks gives up, and asks again
            for number in range(50):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.001):
                        await resolver.resolve(f"slow-{number}.example", 443)
        async with asyncio.timeout(5):
            assert [one["port"] for one in await resolver.resolve("quick.example", 443)] == [443]
            waiting = asyncio.create_task(resolver.resolve("slow-1.example", 443))
            await asyncio.sleep(0)
            answer.set()
            assert [one["host"] for one in await waiting] == ["93.184.216.34"]
        await resolver.close()

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        asyncio.run(resolve())
    finally:
        answer.set()
    assert sorted(asked) == sorted(["quick.example", *(f"slow-{number}.example" for number in range(50))])
