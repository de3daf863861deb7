"""What a person may give of a subscription, and that records which stand in a topic can be read whatever is in them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mekong.deploy.subscriptions import made
from mekong.schemas.channels import Mail
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import DeliveryState
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.wire import decode
from mekong.sinks.delivery.mail import Mails, compose
from mekong.streams.core.notices.moment import MemberTime, is_quiet
from tests.unit.notified import AT, notification

NO_ADDRESS = [
    "<duty@example.org>", "(duty@example.org", "[duty@example.org", ":duty@example.org", "duty@[10.0.0.1", "duty@,example.org",
    'duty@"example.org"', "duty@example.org,", "duty@example.org>", ".duty@example.org", "duty.@example.org", "duty@example..org",
    "duty@-example.org", '"duty@example.org', "mailto:duty@example.org", "=?utf-8?q?duty?=@example.org", "duty@é.example",
    "nguyễn@example.vn",
]  # fmt: skip


def given_values(**changed: Any) -> dict[str, Any]:
    return {"id": "duty", "member": "VN-CUSTOMS", "channel": {"channel": "stream"}, "changed_at": AT.isoformat(), **changed}


@pytest.mark.parametrize("to", NO_ADDRESS)
def test_a_mail_address_that_is_none_is_refused_but_read_and_its_delivery_says_why(to):
    values = given_values(channel={"channel": "mail", "to": to})
    with pytest.raises(Refused, match=r"^--mail .*: give an address alone and in ASCII, as duty@example.org"):
        made(Subscription, values)
    read = decode(json.dumps(values).encode(), Subscription).channel
    assert isinstance(read, Mail)
    settings = Settings(smtp_url="smtp://127.0.0.1:1", mail_from="mekong@example.org")  # type: ignore[arg-type]
    assert asyncio.run(Mails(settings).deliver(notification(), read)).state is DeliveryState.RETRYING


@pytest.mark.parametrize("to", ["duty@example.org", "d.u+t=y_1@post.example.org", "o'neil@xn--c1yn36f.example", "a@b"])
def test_a_mail_address_is_taken_as_people_write_it(to):
    assert compose(notification(), Mail(to=to).to, "mekong@example.org")["To"] == to


@given(st.text("ab.,;:<>()[]\"\\'é=?-_%!", max_size=6), st.text("ab.,;:<>()[]\"\\'é=?-_%!", max_size=6))
def test_whatever_address_is_taken_makes_a_mail_and_no_other_does_harm(local, domain):
    try:
        to = Mail(to=f"{local}@{domain}").to
    except ValidationError:
        to = f"{local}@{domain}"
        try:
            compose(notification(), to, "mekong@example.org")
        except ValueError:
            return
    assert bytes(compose(notification(), to, "mekong@example.org"))


@pytest.mark.parametrize("offset", ["Z", "+07:00"])
def test_quiet_hours_with_an_offset_are_refused_and_old_records_of_them_are_read_without_it(offset):
    values = given_values(quiet={"start": f"22:00{offset}", "end": "06:00"})
    with pytest.raises(Refused, match=r"^--quiet .*: give two times of the member's own day, without an offset"):
        made(Subscription, values)
    quiet = decode(json.dumps(values).encode(), Subscription).quiet
    assert is_quiet(quiet, MemberTime(datetime(2026, 5, 3, 16, tzinfo=UTC), 420, has_begun=True)), "it is 23:00 where the member is"
    assert not is_quiet(quiet, MemberTime(datetime(2026, 5, 3, 14, tzinfo=UTC), 420, has_begun=True))
