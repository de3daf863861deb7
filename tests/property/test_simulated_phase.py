"""A whole simulated phase through the real intake core: everything is taken, and each message is what the simulation meant it to be."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from mekong.deploy.profiles import profile_of
from mekong.producers.simulate import simulate
from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, sign
from mekong.schemas.journal import JOURNAL_ENTRY
from mekong.schemas.receipts import Receipt
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.intake.identity import Ids
from tests.fakes import Record

SECRET = b"secret of the test"


def taken(phase, seed):
    """The versions and receipts of every agency's log."""
    by_agency = defaultdict(list)
    for at, message in simulate(phase, seed, event_id=Ids(SECRET).of).messages:
        by_agency[message.agency].append((round(at.timestamp() * 1000), wire.encode(message)))
    entries, receipts = [], []
    for agency, sent in by_agency.items():
        topic = f"in.{agency}.v1"
        profile = wire.encode(profile_of(agency))
        log = [Record(0, profile, None, sent[0][0], ((CONTROL_HEADER, sign(SECRET, topic, profile)),))]
        log += [Record(offset, value, None, ms) for offset, (ms, value) in enumerate(sent, 1)]
        for said in Intake(Deployment(SECRET, clock_is_on=True)).fold(Draft({}, {}), topic, agency, log):
            entries += [JOURNAL_ENTRY.validate_json(wire.dump(said.entry))] if said.entry else []
            receipts += [wire.decode(wire.dump(said.receipt), Receipt)] if said.receipt else []
    return [entry for entry in entries if entry.kind == "version"], receipts


@pytest.fixture(scope="module", params=[("I", 1), ("II", 2), ("V", 3)], ids=lambda param: f"phase {param[0]}")
def exchanged(request):
    return (request.param[0], *taken(*request.param))


def test_nothing_of_a_simulated_phase_is_rejected(exchanged):
    _, _, receipts = exchanged
    assert [receipt for receipt in receipts if receipt.outcome == "rejected"] == []


def test_intake_meets_new_cases_re_sends_corrections_and_withdrawals(exchanged):
    phase, _, receipts = exchanged
    outcomes = Counter(receipt.outcome.value for receipt in receipts)
    assert {"accepted", "corrected", "withdrawn", "duplicate"} <= set(outcomes)
    assert not outcomes["stale"]  # who sends an older version again gives it the time of its report, and is known by it
    if phase == "V":
        assert 0.01 < outcomes["duplicate"] / outcomes["accepted"] < 0.06


def test_the_only_notices_are_of_suspected_duplicates(exchanged):
    _, _, receipts = exchanged
    notices = Counter(notice.code for receipt in receipts for notice in receipt.warnings)
    assert set(notices) == {"suspected_duplicate"}


def test_every_case_belongs_to_its_phase_and_all_its_goods_are_known(exchanged):
    phase, entries, _ = exchanged
    seizures = [entry for entry in entries if entry.message_type in {"seizure", "correction"}]
    assert {entry.enriched.phase for entry in seizures} == {f"OMD-{phase}"}
    assert all(line.code for entry in seizures for line in entry.enriched.lines)
    assert all(entry.content["simulated"] for entry in entries)
