"""The link that is a right to answer: whole, ours, for one subscription and notification, until its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mekong.schemas.errors import Refused
from mekong.schemas.keys import LINKS as LINKS_PURPOSE
from mekong.schemas.keys import Keys, Replaced
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.settings import Settings
from mekong.sinks.delivery.links import HOLDS_FOR, AnswerTarget, Links

AT = datetime(2026, 5, 3, 8, 2, 12, 345_000, tzinfo=UTC)
KEYS = Keys.of(LINKS_PURPOSE, b"hush")
LINKS = Links("https://alerts.example.org/", KEYS)
NOTIFICATION = Notification(
    notification_id=UUID(int=7), subscription="duty-vn", member="VN-CUSTOMS", reason=Reason.ALERT, raised_at=AT, language="en",
    subject="Spike", text="Nine cases.",
)  # fmt: skip
URL = LINKS.link(NOTIFICATION, 4711).url
TOKEN = URL.rpartition("/")[2]


def test_a_link_leads_back_to_its_notification_until_thirty_days_after_it():
    place = LINKS.place(TOKEN)
    assert URL.removesuffix(TOKEN) == "https://alerts.example.org/v1/answers/"
    assert place == AnswerTarget("duty-vn", UUID(int=7), 4711, AT.replace(microsecond=0) + HOLDS_FOR)
    assert timedelta(days=30) == HOLDS_FOR


def test_a_link_is_the_same_whenever_it_is_made():
    assert Links("https://alerts.example.org", KEYS).link(NOTIFICATION, 4711).url == URL


def test_whatever_is_changed_in_a_token_it_is_ours_no_more():
    for place, letter in enumerate(TOKEN[:-1]):  # of the last letter two bits say nothing
        changed = TOKEN[:place] + ("A" if letter != "A" else "B") + TOKEN[place + 1 :]
        assert LINKS.place(changed) is None, place


@pytest.mark.parametrize(
    "token", ["", "x", TOKEN[:-1], TOKEN + "A", TOKEN + "\n", "." * 90, "é" * 90, f"{'a' * 61}.{'A' * 43}.{'A' * 43}", "a" * 9_999]
)
def test_what_is_no_token_is_none_of_ours(token):
    assert LINKS.place(token) is None


def test_the_right_of_one_subscription_or_deployment_is_none_of_another():
    assert LINKS.place(TOKEN.replace("duty-vn", "duty-la")) is None
    assert Links("https://alerts.example.org", Keys.of(LINKS_PURPOSE, b"other")).place(TOKEN) is None


def test_links_under_the_secret_before_hold_until_they_end_and_none_can_be_made_that_ends_later():
    changed = Keys.of(LINKS_PURPOSE, b"hush", b"new", Replaced(b"hush", AT.date()))
    links = Links("https://alerts.example.org", changed)
    assert links.place(TOKEN) == LINKS.place(TOKEN)
    later = LINKS.token(AnswerTarget("duty-vn", UUID(int=7), 4711, changed.replaced.until))
    assert LINKS.place(later) is not None
    assert links.place(later) is None
    assert links.place(links.token(AnswerTarget("duty-vn", UUID(int=7), 4711, changed.replaced.until))) is not None


def test_links_of_older_versions_hold():
    old = Links("https://alerts.example.org", KEYS._replace(signing=b"hush"))
    assert LINKS.place(old.link(NOTIFICATION, 4711).url.rpartition("/")[2]) == LINKS.place(TOKEN)


def test_without_a_public_address_there_are_no_links():
    assert Links.of(Settings(public_url="", secret="hush")) is None


@pytest.mark.parametrize("url", ["https://alerts.example.org", "https://a.example/mekong/", "http://127.0.0.1:8090", "http://localhost:1"])
def test_links_go_to_a_public_address_over_tls_or_to_this_machine(url):
    links = Links.of(Settings(public_url=url, secret="hush"))
    assert links is not None
    assert links.link(NOTIFICATION, 1).url.startswith(f"{url.rstrip('/')}/v1/answers/duty-vn.")


@pytest.mark.parametrize(
    "url", ["alerts.example.org", "http://alerts.example.org", "ftp://x", "https://", "https://x/?a=b", "https://u@x/"]
)
def test_any_other_address_is_refused(url):
    with pytest.raises(Refused, match="MEKONG_PUBLIC_URL"):
        Links.of(Settings(public_url=url, secret="hush"))
