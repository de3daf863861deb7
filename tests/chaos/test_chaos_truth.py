"""The truth that chaos is held against, by hand; and a plan and messages that leave nothing out."""

import hashlib
import hmac
import json
from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from chaos_actions import EACH, plan
from chaos_hours import Hour, hours
from chaos_meaning import AGENCIES, Meaning, Planned, meaning_of
from chaos_messages import Maker
from chaos_model import Record, Truth, _edition

from mekong.schemas.counts import Window
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake

SECRET, TOPIC = b"secret", "in.VN-CUSTOMS.v1"
PROFILE = {
    "message_type": "agency",
    "utc_offset": "+07:00",
    "memberships": [{"phase": "P", "starts_on": "2026-05-01", "ends_on": "2026-05-31", "commodity_groups": ["drug"]}],
}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def content(seized_at, kg="2", group="drug"):
    return {"seized_at": seized_at, "lines": [{"commodity_group": group, "substance_or_taxon": "x", "quantity": kg, "unit": "kg"}]}


def truth_of(*said, secret=SECRET):
    """The truth about meanings and control records (as dicts), in this order, offsets from 0."""
    records, meanings = [], {}
    for offset, one in enumerate([PROFILE, *said]):
        value = json.dumps(one, default=str).encode() if isinstance(one, dict) else b"%d" % offset
        mac = hmac.new(secret, TOPIC.encode() + b"\0" + value, hashlib.sha256).hexdigest().encode()
        headers = {"mekong-control": mac} if isinstance(one, dict) else {}
        at = datetime.fromisoformat(one["at"]) if isinstance(one, dict) and "at" in one else NOW
        records.append(Record(offset, int(at.timestamp() * 1_000), value, headers))
        if not isinstance(one, dict):
            meanings[value] = one
    return Truth(TOPIC, SECRET, meanings.__getitem__).take(records)


def tick(at):
    return {"message_type": "tick", "at": at}


def seizure(*args, kind="seizure", case_no="1", **kwargs):
    return meaning_of(kind, case_no, content(*args, **kwargs))


def numbered(revision, day):
    return seizure(f"2026-05-{day}")._replace(order=("revision", revision))


WITHDRAWAL = Meaning("withdrawal", "1", "withdrawal other")


@pytest.mark.parametrize(
    ("said", "outcomes"),
    [
        pytest.param([seizure("2026-05-03")] * 2, ["accepted 1", "duplicate 1"], id="an exact re-send"),
        pytest.param(
            [seizure("2026-05-03"), seizure("2026-05-04"), seizure("2026-05-03")], ["accepted 1", "corrected 2", "stale 2"], id="a late one"
        ),
        pytest.param(
            [seizure("2026-05-03"), seizure("2026-05-04"), seizure("2026-05-03", kind="correction")],
            ["accepted 1", "corrected 2", "corrected 3"],
            id="corrected back",
        ),
        pytest.param(
            [seizure("2026-05-03"), WITHDRAWAL, seizure("2026-05-03", kind="correction"), WITHDRAWAL],
            ["accepted 1", "withdrawn 2", "corrected 3", "withdrawn 4"],
            id="withdrawn again",
        ),
        pytest.param(
            [numbered(5, "03"), numbered(7, "04"), numbered(6, "05"), numbered(5, "03"), numbered(8, "03"), numbered(9, "03")],
            ["accepted 1", "corrected 2", "stale 2", "duplicate 2", "corrected 3", "duplicate 3"],
            id="numbered",
        ),
        pytest.param(
            [seizure("2026-05-03"), seizure("2026-05-04"), numbered(0, "03"), seizure("2026-05-04")],
            ["accepted 1", "corrected 2", "corrected 3", "stale 3"],
            id="numbered from here on",
        ),
        pytest.param(
            [seizure("2026-05-03"), seizure("2026-05-03", kind="correction")], ["accepted 1", "duplicate 1"], id="a correction of nothing"
        ),
        pytest.param([seizure("2026-05-03", kind="correction"), WITHDRAWAL], ["rejected unknown_case"] * 2, id="of unknown cases"),
        pytest.param([seizure("2026-05-03"), WITHDRAWAL, WITHDRAWAL], ["accepted 1", "withdrawn 2", "duplicate 2"], id="withdrawn"),
        pytest.param(
            [Meaning("warning", "1", "warning"), seizure("2026-05-03")], ["accepted 1", "rejected type_conflict"], id="one number for two"
        ),
        pytest.param([Meaning("bad", reason="not_json")], ["rejected not_json"], id="garbage"),
        pytest.param([seizure("2026-05-03", kg=str(n)) for n in range(1, 202)][-1:], ["accepted 1"], id="new"),
    ],
)
def test_the_truth_knows_what_each_message_is(said, outcomes):
    assert [f"{answer.outcome} {answer.version or answer.reason}" for answer in truth_of(*said).answers] == outcomes


def test_the_201st_version_is_too_many():
    answers = truth_of(*[seizure("2026-05-03", kg=str(number)) for number in range(1, 202)]).answers
    assert [answer.outcome for answer in answers[-2:]] == ["corrected", "rejected"]
    assert answers[-1].reason == "too_many_versions"


def test_a_case_with_all_its_versions_is_withdrawn_once_and_marked_more_strictly():
    red = seizure("2026-05-03", kg="7")._replace(tlp="TLP:RED", content="red")
    other = Meaning("withdrawal", "1", "withdrawal for another reason")
    full = [seizure("2026-05-03", kg=str(number)) for number in range(1, 201)]
    answers = truth_of(*full, WITHDRAWAL, other, red, red._replace(content="red again")).answers[200:]
    assert [answer.outcome for answer in answers] == ["withdrawn", "rejected", "corrected", "rejected"]


def test_an_edition_orders_by_its_header():
    assert _edition(None) is None
    assert _edition(b"2026-01-31T09:00:00Z") < _edition(b"2026-02-28T09:00:00+00:00")


def test_the_truth_counts_each_precision_where_it_belongs():
    truth = truth_of(
        seizure("2026-05-03T06:30:00+07:00", case_no="1"),
        seizure("2026-05-02", case_no="2"),
        seizure("2026-05", case_no="3"),
        seizure("2026", case_no="4"),
        tick("2026-05-02T23:59:00+00:00"),
    )
    kg = 1_000_000
    assert truth.tables[-1] == {
        (group, *series): counted
        for group in ("drug", None)
        for series, counted in {
            **{(window.value, ""): (1, 1, 2 * kg) for window in Window if window.minutes},
            **{(window.value, ""): (2, 2, 4 * kg) for window in Window if window.days},
            ("day", "2026-05-03"): (1, 1, 2 * kg),
            ("day", "2026-05-02"): (1, 1, 2 * kg),
            ("month", "2026-05-01"): (3, 3, 6 * kg),
            ("phase", "P"): (3, 3, 6 * kg),
        }.items()
    }


def test_the_truth_takes_no_time_from_strangers_and_none_from_the_past():
    truth = truth_of(
        tick("2026-05-03T00:00:00+00:00"), tick("2026-05-02T00:00:00+00:00"), {**tick("2026-05-04T00:00:00+00:00"), "replay": True}
    )
    assert len(truth.tables) == 1
    assert truth_of(tick("2026-05-03T00:00:00+00:00"), secret=b"another").tables == []


@pytest.mark.parametrize("seed", range(8))
def test_the_truth_and_the_intake_agree_on_what_each_message_is(seed):
    """Before any broker: two of the messages' agencies, each through both."""
    made = list(Maker(seed, NOW, SECRET).messages(6_000))
    for agency in ("VN-CUSTOMS", "IN-CUSTOMS"):
        hours = AGENCIES[agency]
        topic = f"in.{agency}.v1"
        body = {
            "name": "x",
            "kind": "customs",
            "country": agency[:2],
            "region": "Asia",
            "utc_offset": f"+{int(hours):02}:{int(hours % 1 * 60):02}",
            "agency": agency,
        }
        profile = json.dumps({"message_type": "agency", **body}).encode()
        mac = hmac.new(SECRET, topic.encode() + b"\0" + profile, hashlib.sha256).hexdigest().encode()
        sent = [Planned(agency, profile, Meaning("agency"), (("mekong-control", mac),)), *(one for one in made if one.agency == agency)]
        said = Intake(Deployment(SECRET, clock_is_on=True)).fold(Draft({}, {}), topic, agency, [_Sent(*at) for at in enumerate(sent)])
        meanings = {one.value: one.meaning for one in sent}
        truth = Truth(topic, SECRET, meanings.__getitem__).take(_Sent(*at).of_truth for at in enumerate(sent))
        told = [(one.receipt["outcome"], one.receipt.get("version"), one.receipt.get("reason")) for one in said if one.receipt]
        assert told == [answer[1:] for answer in truth.answers]


class _Sent(NamedTuple):
    offset: int
    planned: Planned
    timestamp: int = int(NOW.timestamp() * 1_000)

    @property
    def value(self):
        return self.planned.value

    @property
    def headers(self):
        return self.planned.headers

    @property
    def of_truth(self):
        return Record(self.offset, self.timestamp, self.value, dict(self.headers))


def test_a_plan_has_every_action_on_every_target():
    assert Counter((action.kind, action.target) for action in plan(3, 2 * len(EACH))) == Counter(dict.fromkeys(EACH, 2))


def test_the_messages_of_a_run_are_of_every_kind_and_bad_in_every_way():
    meanings = [planned.meaning for planned in Maker(3, NOW).messages(5_000)]
    assert {meaning.kind for meaning in meanings} == {"seizure", "correction", "withdrawal", "warning", "feedback", "bad"}
    assert len({meaning.reason for meaning in meanings}) == 13
    assert {meaning.seized.precision for meaning in meanings if meaning.seized} == {"time", "day", "month", "year"}


def lane_tick(offset, at, *, appended="", mac=None, body=None):
    value = json.dumps(body or tick(at)).encode()
    genuine = hmac.new(SECRET, b"control.v1\0" + value, hashlib.sha256).hexdigest().encode()
    return Record(offset, int(datetime.fromisoformat(appended or at).timestamp() * 1_000), value, {"mekong-control": mac or genuine})


def test_a_lane_s_time_passes_by_ticks_that_are_signed_later_and_of_now():
    records = [
        lane_tick(0, "2026-05-03T01:00:00+00:00"),
        lane_tick(1, "2026-05-03T01:00:00+00:00"),
        lane_tick(2, "2026-05-03T02:00:00+00:00", mac=b"0" * 64),
        lane_tick(3, "2026-05-03T09:00:00+00:00", appended="2026-05-03T02:00:00+00:00"),
        lane_tick(4, "2026-05-03T02:00:00+00:00"),
    ]
    assert hours(records, SECRET) == [Hour(0, datetime(2026, 5, 3, 1, tzinfo=UTC)), Hour(4, datetime(2026, 5, 3, 2, tzinfo=UTC))]


def test_an_agency_that_a_worker_parked_fails_the_run():
    order = {"message_type": "source", "agency": "VN-CUSTOMS", "topic": TOPIC, "action": "park"}
    with pytest.raises(ValueError, match="an order that nobody gave"):
        hours([lane_tick(0, "2026-05-03T01:00:00+00:00", body=order)], SECRET)
