"""Signatures as the specification and its published vectors have them."""

from __future__ import annotations

import base64

import pytest

from mekong.schemas.errors import Refused
from mekong.sinks.delivery.signature import TOLERANCE_S, headers, holds, key_of, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT_S, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'


def test_the_published_vector_gives_the_published_signature():
    assert signature(key_of(SECRET), ID, AT_S, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_text_behind_the_prefix_is_base64_and_any_other_secret_is_taken_as_it_is():
    assert key_of(SECRET) == base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key_of("a secret of many letters") == b"a secret of many letters"


@pytest.mark.parametrize("secret", ["whsec_no base64!", "short", "whsec_c2hvcnQ="])
def test_a_broken_or_short_secret_is_refused(secret):
    with pytest.raises(Refused):
        key_of(secret)


def test_a_receiver_believes_what_was_signed_and_nothing_else():
    key = key_of(SECRET)
    sent = headers(key, ID, AT_S, BODY)
    assert holds(key, sent, BODY, AT_S)
    assert not holds(key, sent, BODY + b" ", AT_S)
    assert not holds(key, {**sent, "webhook-id": "msg_other"}, BODY, AT_S)
    assert not holds(key, {**sent, "webhook-timestamp": str(AT_S + 1)}, BODY, AT_S)
    assert not holds(key_of("another secret, as long"), sent, BODY, AT_S)
    assert not holds(key, {}, BODY, AT_S)


def test_an_old_one_that_is_played_again_is_not_believed():
    key = key_of(SECRET)
    assert not holds(key, headers(key, ID, AT_S, BODY), BODY, AT_S + TOLERANCE_S + 1)


def test_one_good_signature_among_several_is_enough_while_a_secret_is_changed():
    key = key_of(SECRET)
    sent = headers(key, ID, AT_S, BODY)
    assert holds(key, {**sent, "webhook-signature": "v1,AAAA " + sent["webhook-signature"]}, BODY, AT_S)
