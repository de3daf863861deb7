"""Control records: signed ones pass once and in order, forged and copied ones change nothing."""

from datetime import timedelta

import pytest

from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile, Tick, sign
from mekong.schemas.keys import CONTROL, Keys, Replaced
from mekong.schemas.times import from_ms, text_of_ms
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment, control, profile_of
from mekong.streams.core.intake.outputs import Arrived

SECRET, AGENCY, TOPIC, NOW_MS = b"secret", "VN-CUSTOMS", "in.VN-CUSTOMS.v1", 1_780_000_000_000
ON, OFF = Deployment(SECRET, clock_is_on=True), Deployment(SECRET, clock_is_on=False)


def profile(number, name="Viet Nam Customs"):
    return AgencyProfile(number=number, agency=AGENCY, name=name, kind="customs", country="VN", region="Asia", utc_offset="+07:00")


def arrives(draft, record, deployment=ON, topic=TOPIC, secret=SECRET):
    value = wire.encode(record)
    arrived = Arrived(topic, 7, AGENCY, NOW_MS, text_of_ms(NOW_MS), None)
    return control(draft, deployment, arrived, value, sign(secret, TOPIC, value))


def test_a_profile_is_taken_once_and_a_copy_of_an_older_one_undoes_nothing():
    draft = Draft({}, {})
    assert arrives(draft, profile(1)).entry["kind"] == "agency"
    assert arrives(draft, profile(2, "Viet Nam Customs, new")).entry["profile"]["number"] == 2
    assert arrives(draft, profile(1)) is None
    assert arrives(draft, profile(2, "Viet Nam Customs, new")) is None
    assert profile_of(draft, AGENCY).name == "Viet Nam Customs, new"


@pytest.mark.parametrize(("topic", "secret"), [(TOPIC, b"guessed"), ("in.LA-CUSTOMS.v1", SECRET)], ids=["another secret", "another topic"])
def test_a_forged_record_is_refused_with_a_receipt_and_changes_nothing(topic, secret):
    draft = Draft({}, {})
    said = arrives(draft, profile(1), topic=topic, secret=secret)
    assert said.entry is None
    assert said.receipt["reason"] == "forged_control"
    assert draft.changes == {}


def test_a_control_record_under_the_key_for_it_or_under_the_one_before_passes():
    keys = Keys.of(CONTROL, SECRET, b"new", Replaced(SECRET, from_ms(NOW_MS).date()))
    changed = Deployment(SECRET, clock_is_on=True, keys=keys)
    for secret in (keys.signing, SECRET, Keys.of(CONTROL, SECRET).signing):
        assert arrives(Draft({}, {}), profile(1), changed, secret=secret).entry is not None
    over = changed._replace(keys=keys._replace(replaced=Replaced(SECRET, from_ms(NOW_MS).date() - timedelta(days=32))))
    assert arrives(Draft({}, {}), profile(1), over, secret=SECRET).receipt["reason"] == "forged_control"


@pytest.mark.parametrize(
    ("deployment", "minutes", "replay", "passes"),
    [
        pytest.param(ON, 0, False, True, id="now"),
        pytest.param(ON, -5, False, True, id="five minutes late"),
        pytest.param(ON, -6, False, False, id="later than that"),
        pytest.param(ON, 6, False, False, id="too early"),
        pytest.param(ON, 0, True, False, id="the data's own time while the clock is on"),
        pytest.param(OFF, -999_999, True, True, id="the data's own time in a replay"),
    ],
)
def test_a_tick_passes_when_it_is_of_its_own_time(deployment, minutes, replay, passes):
    tick = Tick(at=from_ms(NOW_MS + minutes * 60_000), replay=replay)
    assert (arrives(Draft({}, {}), tick, deployment) is not None) == passes


def test_time_only_moves_on():
    draft = Draft({}, {})
    assert arrives(draft, Tick(at=from_ms(NOW_MS)))
    assert arrives(draft, Tick(at=from_ms(NOW_MS))) is None
    assert arrives(draft, Tick(at=from_ms(NOW_MS - 60_000))) is None
    assert arrives(draft, Tick(at=from_ms(NOW_MS + 60_000)))
