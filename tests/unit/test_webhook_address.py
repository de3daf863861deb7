"""Which addresses a webhook may go to."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from mekong.schemas.errors import Refused
from mekong.sinks.delivery.address import AddressRefused, Resolver, is_public, public_socket
from mekong.sinks.delivery.host import host_of

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
ODD = [
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0",
    "0x7f.1",
    "0x7f000001",
    "0x",
    "127.0.0.1.",
    "127.0.0.1..",
    "8.8.8.8.",
    "8.8.8.08",
    "256.1.1.1",
    "1.2.3.4.5",
    "%31%32%37.0.0.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:8.8.8.8]",
    "[0:0:0:0:0:0:0:1]",
    "[2606:4700:4700:0::1111]",
    "[fe80::1%25lo]",
    "127\u30020\u30020\u30021",
    "\uff11\uff12\uff17.0.0.1",
    "\u2460\u2461\u2466.0.0.1",
    "\u0661\u0662\u0667.0.0.1",
    "\uff18.8.8.8",
    ".",
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_an_inner_network_is_not_public(address):
    assert not is_public(address)
    with pytest.raises(AddressRefused):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)
    public_socket((socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))).close()


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0", "localhost"])
def test_no_socket_is_made_for_what_is_no_address(host):
    with pytest.raises(AddressRefused):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 80)))


@pytest.mark.parametrize("host", ODD)
def test_an_address_that_is_not_in_its_canonical_form_is_refused(host):
    with pytest.raises(Refused):
        host_of(f"https://{host}:8443/hook")


@pytest.mark.parametrize(
    "host",
    ["example.org", "example.org.", "1.example.org", "0x7f.example", "xn--bcher-kva.example", "bücher.example", "8.8.8.8", "localhost"],
)
def test_a_name_or_a_canonical_address_is_taken(host):
    assert host_of(f"https://user:pass@{host}:8443/hook") == host


def test_a_canonical_address_of_version_6_is_taken():
    assert host_of("https://[2606:4700:4700::1111]/hook") == "2606:4700:4700::1111"


@pytest.mark.parametrize("url", ["https://", "https:///hook", "https://[::1", "https://[nothing]/"])
def test_a_url_without_a_host_is_refused(url):
    with pytest.raises(Refused):
        host_of(url)


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
