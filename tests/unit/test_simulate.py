"""A simulated phase: the same for the same seed, marked in every record, in order of arrival, and true to its truth file."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from mekong.producers.simulate import simulate
from mekong.producers.simulation.goods import CATALOGUE, RESERVED
from mekong.producers.simulation.scene import RESERVED_CONCEALMENT, RESERVED_ORIGINS
from mekong.producers.simulation.truth import EXPECT
from mekong.schemas import wire
from mekong.schemas.codes import code_list, rows
from mekong.schemas.errors import Refused
from mekong.schemas.messages import MESSAGE

SEEDS = (1, 2, 3)


def event_id(agency, case_no):
    return f"00000000-0000-8000-8000-{hashlib.sha256(f'{agency}/{case_no}'.encode()).hexdigest()[:12]}"


def text(found):
    return b"\n".join(wire.encode(message) for _, message in found.messages)


@pytest.fixture(scope="module")
def phase_v():
    return {seed: simulate("V", seed, event_id=event_id) for seed in SEEDS}


def first_reports(found):
    """Case number -> the message that first reported it."""
    cases = {}
    for _, message in found.messages:
        if message.message_type == "seizure":
            cases.setdefault(message.case_no, message)
    return cases


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert text(simulate("II", 5)) == text(simulate("II", 5))
    assert text(simulate("II", 5)) != text(simulate("II", 6))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
@pytest.mark.processes
def test_the_order_of_sets_and_dictionaries_leaves_no_trace(hash_seed):
    asked = "import hashlib, sys\nfrom mekong.producers.simulate import simulate\nfrom mekong.schemas.wire import encode\n"
    asked += "print(hashlib.sha256(b''.join(encode(one) for _, one in simulate('I', 5).messages)).hexdigest())"
    done = subprocess.run([sys.executable, "-c", asked], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(b"".join(wire.encode(one) for _, one in simulate("I", 5).messages)).hexdigest()


def test_every_record_says_that_it_is_simulated_and_reads_back_as_itself(phase_v):
    for _, message in phase_v[1].messages:
        assert message.simulated
        assert MESSAGE.validate_json(wire.encode(message), extra="forbid") == message


def test_messages_come_in_order_of_arrival_and_none_before_what_it_tells(phase_v):
    found = phase_v[1].messages
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    for at, message in found:
        assert message.reported_at <= at
        if message.message_type in {"seizure", "correction"} and "T" in message.seized_at:
            assert datetime.fromisoformat(message.seized_at) < at


def test_a_correction_withdrawal_or_feedback_comes_after_what_it_is_about(phase_v):
    known, ids = set(), set()
    for _, message in phase_v[1].messages:
        if message.message_type in {"correction", "withdrawal"}:
            assert message.case_no in known
        if message.message_type == "feedback":
            assert str(message.in_reply_to) in ids
        known.add(message.case_no)
        ids.add(event_id(message.agency, message.case_no))


def test_only_members_report_and_every_member_of_some_size_does(phase_v):
    members = {fields["agency"] for entry in code_list("memberships").values() if (fields := entry.fields)["phase"] == "OMD-V"}
    reporting = Counter(message.agency for message in first_reports(phase_v[1]).values())
    assert set(reporting) <= members
    assert len(reporting) >= 25


def test_an_observer_does_not_report():
    assert "KR-CUSTOMS" not in {message.agency for _, message in simulate("I", 1).messages}


def test_without_event_ids_nothing_refers_to_anything_and_all_else_is_the_same(phase_v):
    without, with_ids = simulate("V", 1), phase_v[1]
    assert not any(message.related_to for _, message in without.messages)
    plain = [message.model_copy(update={"related_to": ()}) for _, message in with_ids.messages if message.message_type != "feedback"]
    assert [message for _, message in without.messages] == plain
    assert any(message.related_to for _, message in with_ids.messages if message.message_type == "seizure")


def test_start_moves_the_phase_and_cases_scales_it():
    found = simulate("VII", 3, cases=300, start=date(2026, 4, 15))
    days = {message.seized_at[:10] for message in first_reports(found).values() if len(message.seized_at) >= 10}
    assert date(2026, 4, 15).isoformat() <= min(days)
    assert max(days) <= (date(2026, 4, 15) + timedelta(days=153)).isoformat()
    assert 220 <= len(first_reports(found)) <= 380


@pytest.mark.parametrize("cases", [1, 5, 30])
def test_a_phase_may_be_tiny(cases):
    assert len(first_reports(simulate("V", 4, cases=cases))) <= cases * 3 + 5


def test_an_unknown_phase_is_refused_with_the_names_there_are():
    with pytest.raises(Refused, match="VII"):
        simulate("XX", 1)
    with pytest.raises(Refused, match="at least 1"):
        simulate("V", 1, cases=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_names_cases_that_are_what_it_says(phase_v, seed):
    found = phase_v[seed]
    cases = first_reports(found)
    for planted in found.truth:
        own = [cases[number] for number in planted.case_nos]
        assert planted.expect == EXPECT[planted.kind]
        assert len(own) == planted.size
        assert all(planted.start.isoformat() <= one.seized_at[:10] <= planted.end.isoformat() for one in own)
        if planted.agency:
            assert {one.agency for one in own} <= {planted.agency}
        if planted.commodity_group:
            assert {one.lines[0].commodity_group for one in own} <= {planted.commodity_group}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_phase_of_this_size_has_every_kind_and_one_plant_an_agency(phase_v, seed):
    truth = phase_v[seed].truth
    assert {one.kind for one in truth} == set(EXPECT)
    assert max(Counter(one.agency for one in truth if one.agency).values()) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_seized_in_a_silence_where_cases_were_expected(phase_v, seed):
    cases = first_reports(phase_v[seed]).values()
    for gap in (one for one in phase_v[seed].truth if one.kind == "silence"):
        assert gap.expected >= 5
        inside = [one for one in cases if one.agency == gap.agency and gap.start.isoformat() <= one.seized_at <= f"{gap.end}T24"]
        assert not [one for one in inside if len(one.seized_at) > 7]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bulk_dump_arrives_within_the_hour_and_adds_no_case(phase_v, seed):
    for dump in (one for one in phase_v[seed].truth if one.kind == "bulk_dump"):
        assert dump.last_reported_at - dump.first_reported_at < timedelta(hours=1)
        assert dump.first_reported_at.date() >= dump.end
        assert dump.size < dump.expected * 3 + 5


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_planted_as_new_is_met_nowhere_else(phase_v, seed):
    found = phase_v[seed]
    planted = {number for one in found.truth for number in one.case_nos if one.expect == "FIRST_SEEN"}
    for case in first_reports(found).values():
        new = (
            {step.country for step in case.route} & set(RESERVED_ORIGINS)
            or set(case.concealment_methods) & set(RESERVED_CONCEALMENT)
            or {line.substance_or_taxon for line in case.lines} & set(RESERVED)
        )
        assert bool(new) == (case.case_no in planted)


def test_a_world_without_plants_has_none():
    found = simulate("V", 1, planted=False)
    assert found.truth == []
    assert len(first_reports(found)) > 1_500


def test_all_goods_are_on_the_code_lists():
    names = {"drug": "substances", "precursor": "substances", "fauna": "taxa", "flora": "taxa", "timber": "taxa"}
    wanted = [(group, goods.name) for group, found in CATALOGUE.items() for goods in found] + [("drug", name) for name in RESERVED]
    for group, name in wanted:
        known = [
            entry
            for entry in rows(names[group])
            if name.casefold()
            in {entry.code.casefold(), entry.label().casefold(), *map(str.casefold, map(str.strip, entry.fields["synonyms"].split(";")))}
        ]
        assert known, name
        assert known[0].fields["commodity_group"] == group, name
