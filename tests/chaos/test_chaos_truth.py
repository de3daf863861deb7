"""The truth that chaos is held against, by hand; and a plan and messages that leave nothing out."""

import hashlib
import hmac
import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from chaos_actions import EACH, plan
from chaos_meaning import Meaning, meaning_of
from chaos_messages import Maker
from chaos_model import Record, Truth

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


WITHDRAWAL = Meaning("withdrawal", "1", "withdrawal other")


@pytest.mark.parametrize(
    ("said", "outcomes"),
    [
        pytest.param([seizure("2026-05-03")] * 2, ["accepted 1", "duplicate 1"], id="an exact re-send"),
        pytest.param(
            [seizure("2026-05-03"), seizure("2026-05-04"), seizure("2026-05-03")], ["accepted 1", "corrected 2", "stale 2"], id="a late one"
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
            ("1h", ""): (1, 1, 2 * kg),
            ("24h", ""): (1, 1, 2 * kg),
            ("7d", ""): (2, 2, 4 * kg),
            ("30d", ""): (2, 2, 4 * kg),
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


def test_a_plan_has_every_action_on_every_target():
    assert Counter((action.kind, action.target) for action in plan(3, 2 * len(EACH))) == Counter(dict.fromkeys(EACH, 2))


def test_the_messages_of_a_run_are_of_every_kind_and_bad_in_every_way():
    meanings = [planned.meaning for planned in Maker(3, NOW).messages(5_000)]
    assert {meaning.kind for meaning in meanings} == {"seizure", "correction", "withdrawal", "warning", "feedback", "bad"}
    assert len({meaning.reason for meaning in meanings}) == 13
    assert {meaning.seized.precision for meaning in meanings if meaning.seized} == {"time", "day", "month", "year"}
