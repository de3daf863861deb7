"""A key for each purpose, and how long an old one holds."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta

import pytest

from mekong.schemas.control import is_ours, sign
from mekong.schemas.errors import Refused
from mekong.schemas.keys import CONTROL, LINKS, Keys, Replaced, derived, hkdf
from mekong.schemas.settings import Settings, _say_when_short

OLD, NEW = b"the deployment's secret, 32 bytes", b"the purpose's own secret, 32 bytes"
CHANGED = date(2026, 11, 28)
BEFORE, LAST, OVER = (datetime(2026, month, day, tzinfo=UTC) for month, day in ((11, 28), (12, 29), (12, 30)))
TOPIC, VALUE = "in.VN-CUSTOMS.v1", b"{}"


@pytest.mark.parametrize(
    ("secret", "salt", "info", "length", "okm"),
    [
        pytest.param(
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
            id="A.1",
        ),
        pytest.param(
            bytes(range(0x50)).hex(),
            bytes(range(0x60, 0xB0)).hex(),
            bytes(range(0xB0, 0x100)).hex(),
            82,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
            id="A.2",
        ),
        pytest.param(
            "0b" * 22, "", "", 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8", id="A.3"
        ),
    ],
)
def test_keys_are_derived_as_rfc_5869_says(secret, salt, info, length, okm):
    assert hkdf(bytes.fromhex(secret), bytes.fromhex(salt), bytes.fromhex(info), length).hex() == okm


def test_the_keys_of_a_deployment_never_change():
    extracted = hmac.digest(bytes(32), b"hush", hashlib.sha256)
    assert derived(b"hush", CONTROL) == hmac.digest(extracted, b"mekong control records\x01", hashlib.sha256)
    assert derived(b"hush", LINKS) == hmac.digest(extracted, b"mekong links to answers\x01", hashlib.sha256)


def holds(keys: Keys, key: bytes, at: datetime) -> bool:
    return is_ours(keys, int(at.timestamp() * 1_000), TOPIC, VALUE, sign(key, TOPIC, VALUE))


def test_what_older_versions_signed_with_the_plain_secret_holds_until_the_purpose_has_a_secret_of_its_own():
    keys = Keys.of(CONTROL, OLD)
    assert holds(keys, OLD, BEFORE)
    assert holds(keys, keys.signing, BEFORE)
    assert not holds(keys, derived(OLD, LINKS), BEFORE)
    assert not holds(Keys.of(CONTROL, OLD, NEW), OLD, BEFORE)
    assert not holds(Keys.of(CONTROL, OLD, NEW), derived(OLD, CONTROL), BEFORE)


@pytest.mark.parametrize(("at", "still"), [(BEFORE, True), (LAST, True), (OVER - timedelta(milliseconds=1), True), (OVER, False)])
@pytest.mark.parametrize("key", [OLD, derived(OLD, CONTROL)], ids=["plain", "derived"])
def test_the_secret_before_holds_for_31_days_after_the_day_it_was_replaced(at, still, key):
    keys = Keys.of(CONTROL, OLD, NEW, Replaced(OLD, CHANGED))
    assert holds(keys, key, at) == still
    assert holds(keys, keys.signing, at)


def test_a_new_secret_of_a_purpose_leaves_the_deployments_own_as_it_is():
    found = Settings(secret=OLD.decode(), links_secret=NEW.decode(), links_secret_previous=f"2026-11-28:{OLD.decode()}")
    assert found.deployment_secret() == OLD
    assert found.control_keys() == Keys.of(CONTROL, OLD)
    assert found.link_keys() == Keys.of(LINKS, OLD, NEW, Replaced(OLD, CHANGED))


@pytest.mark.parametrize("previous", ["x", "2026-11-28", "2026-11-28:", "2026-13-01:x", ":x"])
def test_a_secret_before_without_its_day_is_refused(previous):
    with pytest.raises(Refused, match="MEKONG_CONTROL_SECRET_PREVIOUS"):
        Settings(secret=OLD.decode(), control_secret_previous=previous).control_keys()


def test_a_new_secret_that_can_be_guessed_is_refused():
    with pytest.raises(Refused, match="MEKONG_LINKS_SECRET has 5 bytes"):
        Settings(secret=OLD.decode(), links_secret="short").link_keys()
    with pytest.raises(Refused, match="MEKONG_SECRET has 31 bytes: a new deployment needs at least 32"):
        Settings(secret="x" * 31).check_new_secret()
    Settings(secret="x" * 32).check_new_secret()


def test_a_deployment_with_a_short_secret_goes_on_and_it_is_said_once(caplog):
    _say_when_short.cache_clear()
    for _ in range(3):
        assert Settings(secret="x").control_keys().plain == b"x"
    assert len(caplog.messages) == 1
    assert "MEKONG_SECRET has 1 bytes" in caplog.messages[0]
