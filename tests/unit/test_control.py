"""Only the exchange can write a tick or a profile that is believed."""

from __future__ import annotations

import pytest

from mekong.schemas.control import CONTROL, AgencyProfile, Tick, sign, signed
from mekong.schemas.wire import encode

TOPIC = "in.VN-CUSTOMS.v1"
VALUE = b'{"message_type":"tick","at":"2026-05-03T08:03:00Z"}'


def test_what_the_exchange_signs_is_signed():
    assert signed(b"secret", TOPIC, VALUE, sign(b"secret", TOPIC, VALUE))


@pytest.mark.parametrize(
    ("secret", "topic", "value"),
    [
        pytest.param(b"other", TOPIC, VALUE, id="another secret"),
        pytest.param(b"secret", "in.LA-CUSTOMS.v1", VALUE, id="copied to another topic"),
        pytest.param(b"secret", TOPIC, VALUE + b" ", id="another value"),
        pytest.param(b"secret", TOPIC + "\0", VALUE[1:], id="the border moved"),
    ],
)
def test_a_signature_of_anything_else_is_none(secret, topic, value):
    assert not signed(secret, topic, value, sign(b"secret", TOPIC, VALUE))


@pytest.mark.parametrize("mac", [b"", b"0", b"\xff" * 64, "é".encode()])
def test_garbage_is_no_signature(mac):
    assert not signed(b"secret", TOPIC, VALUE, mac)


def test_a_tick_and_a_profile_come_back_as_what_they_were():
    tick = Tick.model_validate({"at": "2026-05-03T15:03:00+07:00"})
    profile = AgencyProfile.model_validate(
        {
            "agency": "VN-CUSTOMS",
            "name": "Viet Nam Customs",
            "kind": "customs",
            "country": "VN",
            "region": "South-eastern Asia",
            "utc_offset": "+07:00",
        }
    )
    assert CONTROL.validate_json(encode(tick)) == tick
    assert CONTROL.validate_json(encode(profile)) == profile
