"""The key of the live page: without it nothing of the page is shown, and it is in no log."""

from __future__ import annotations

import asyncio
import logging

import pytest
from markupsafe import escape

from mekong.deploy.local.home import Identity
from mekong.deploy.local.lineup import console_url, variables_for
from mekong.deploy.local.stack import Wanted, _with_ports
from mekong.deploy.web.rooms import every_room
from mekong.schemas.errors import Refused
from mekong.sinks.console.key import Key
from mekong.sinks.console.pages import HOME
from mekong.sinks.console.words import texts
from tests.unit.test_console_room import KEY, NOWHERE, SECRET, opened

PATHS = (HOME, f"{HOME}/events", f"{HOME}/case/nothing", f"{HOME}/style.css", f"{HOME}/live.js")


@pytest.mark.parametrize("cookie", ["", "wrong", "ü", SECRET])
def test_without_the_cookie_no_path_shows_anything(cookie):
    async def scenario():
        async with opened(has_key=False) as (client, room):
            for path in PATHS:
                answer = await client.get(path, headers={"cookie": f"{KEY.cookie}={cookie}"})
                html = await answer.text()
                assert (answer.status, escape(texts("en")["locked"]) in html, len(html) < 1_000) == (403, True, True)
            assert room._threads == []

    asyncio.run(scenario())


@pytest.mark.parametrize("wrong", ["", "x", SECRET[:-1], f"{SECRET}x", KEY.ticket, "%C3%BC", "%ff"])
def test_a_wrong_key_gets_a_sentence_and_no_cookie(wrong):
    async def scenario():
        async with opened(has_key=False) as (client, _):
            answer = await client.get(f"{HOME}?key={wrong}&lang=vi", allow_redirects=False)
            assert (answer.status, escape(texts("vi")["locked"]) in await answer.text()) == (403, True)
            assert "set-cookie" not in answer.headers

    asyncio.run(scenario())


def test_the_key_is_taken_once_leaves_the_address_and_is_in_no_log(caplog):
    caplog.set_level(logging.DEBUG)

    async def scenario():
        async with opened(has_key=False) as (client, _):
            answer = await client.get(f"{HOME}?window=7d&key={SECRET}&lang=vi", allow_redirects=False)
            assert (answer.status, answer.headers["location"]) == (303, f"{HOME}?window=7d&lang=vi")
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert SECRET not in str(answer.headers)
            cookie = answer.cookies[KEY.cookie]
            assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["expires"]) == (
                *(HOME, True, "strict", "", ""),
            )
            client.cookie_jar.update_cookies({KEY.cookie: cookie.value})
            page = await client.get(HOME)
            assert page.status == 200
            assert SECRET not in await page.text()

    asyncio.run(scenario())
    assert SECRET not in caplog.text


def test_a_right_key_does_not_open_the_page_to_a_proxy():
    async def scenario():
        async with opened() as (client, _):
            answer = await client.get(f"{HOME}?key={SECRET}", headers={"x-forwarded-for": "127.0.0.1"}, allow_redirects=False)
            assert (answer.status, "set-cookie" in answer.headers) == (403, False)

    asyncio.run(scenario())


@pytest.mark.parametrize("secret", ["short", "x" * 31, "a+/=" * 8, "a b " * 8])
def test_a_key_that_can_be_guessed_or_that_an_address_changes_is_refused(secret):
    with pytest.raises(Refused, match="MEKONG_CONSOLE_KEY: give at least 32 letters"):
        every_room(NOWHERE.model_copy(update={"console_key": type(NOWHERE.console_key)(secret)}), host="127.0.0.1")


def test_without_a_key_the_page_is_left_out_with_a_sentence(caplog):
    caplog.set_level(logging.INFO)
    without = NOWHERE.model_copy(update={"console_key": type(NOWHERE.console_key)("")})
    assert "console" not in every_room(without, host="127.0.0.1")
    assert "the live page is left out: MEKONG_CONSOLE_KEY is not set" in caplog.text


def test_a_stack_of_an_earlier_version_gets_a_key_at_its_next_start_and_keeps_it():
    before = Identity(stack_id="mekong-1", secret="s", clickhouse_password="p")
    assert console_url(before) == ""
    now = _with_ports(before, Wanted())
    assert Key(now.console_key).fits(now.console_key)
    assert _with_ports(now, Wanted()).console_key == now.console_key
    assert console_url(now) == f"http://127.0.0.1:{now.web_port}/console?key={now.console_key}"
    assert Identity.new().console_key != Identity.new().console_key


def test_only_the_server_of_a_stack_gets_the_key_and_only_that_of_the_stack():
    identity = Identity.new()._replace(metrics_ports={"web": 1, "intake": 2})
    shell = {"MEKONG_CONSOLE_KEY": "of the shell", "MEKONG_HOME": "x"}
    of_web = {"MEKONG_CONSOLE_KEY": identity.console_key, "MEKONG_HOME": "x", "MEKONG_METRICS": "127.0.0.1:1"}
    assert variables_for("web", shell, identity) == of_web
    assert variables_for("intake", shell, identity) == {"MEKONG_HOME": "x", "MEKONG_METRICS": "127.0.0.1:2"}
