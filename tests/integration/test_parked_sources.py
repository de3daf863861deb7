"""What is wrong with one agency's topic stops that topic only: the others of its lane go on, and a rebuild keeps it so."""

from __future__ import annotations

import pytest
from kafka import KafkaAdminClient, TopicPartition

from mekong.deploy.health import look
from mekong.deploy.parking import parked_sources
from mekong.schemas.topics import CASES, INCOMING, lane_of

pytestmark = pytest.mark.timeout(300)
BROKEN, OTHER = "VN-CUSTOMS", "TH-POLICE"
"""Of one lane. The first message of each has offset 2: its profile, and the marker behind it, stand before."""
TOPIC = INCOMING.of(BROKEN)


def messages(agency, first, count):
    lines = [{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 1, "unit": "kg"}]
    common = {"message_type": "seizure", "agency": agency, "seized_at": "2026-05-03", "lines": lines}
    return [{**common, "case_no": str(number)} for number in range(first, first + count)]


def answered(deployment, agency, at_least, within_s=60):
    return [one["source_offset"] for one in deployment.receipts(agency, at_least=at_least, within_s=within_s)]


def delete_before(deployment, topic, offset):
    admin = KafkaAdminClient(bootstrap_servers=deployment.bootstrap)
    admin.delete_records({TopicPartition(topic, 0): offset})
    admin.close()


def mekong(deployment, *arguments):
    process = deployment.mekong(*arguments)
    deployment.wait_until(lambda: process.exit_code is not None, " ".join(arguments))
    assert process.exit_code == 0, process.last_words(20)
    return process.last_words(20)


def sources(deployment):
    return [entry["order"] for entry in deployment.journal() if entry["kind"] == "source"]


def parked_said(deployment):
    """What `mekong status` says of parked topics; it says nothing of intake, which reads all it should."""
    trouble: list[str] = []

    def intake_reads() -> bool:  # its group's commit follows its place within a second or two
        trouble[:] = look(deployment.settings, 0.5).trouble
        return not [one for one in trouble if one.startswith("intake")]

    deployment.wait_until(intake_reads, "intake reads all it should")
    return " ".join(one for one in trouble if "is parked" in one)


@pytest.fixture
def two(deployment):
    """A deployment of two agencies of one lane."""
    assert lane_of(TOPIC) == lane_of(INCOMING.of(OTHER))
    deployment.register(BROKEN, OTHER)
    return deployment


def test_a_gap_parks_its_source_and_a_skip_has_it_read_again(two):
    two.send(BROKEN, messages(BROKEN, 0, 5))
    worker = two.mekong("worker", "intake")
    assert answered(two, BROKEN, 5) == [2, 3, 4, 5, 6]
    worker.kill()
    two.send(BROKEN, messages(BROKEN, 5, 5))
    delete_before(two, TOPIC, 10)
    two.send(OTHER, messages(OTHER, 0, 3))
    worker = two.mekong("worker", "intake")
    assert len(answered(two, OTHER, 3)) == 3
    two.wait_until(lambda: sources(two), "the gap is in the journal")
    assert sources(two)[0]["reason"].endswith("7 was wanted, but the log starts at 10: retention has deleted what was not read.")
    assert parked_sources(two.settings)[TOPIC].by == "exchange"
    assert f"{TOPIC} is parked (" in parked_said(two)
    assert f"`mekong skip {BROKEN} --to 10 --reason ...`" in parked_said(two)
    mekong(two, "skip", BROKEN, "--to", "10", "--reason", "deleted by hand")
    assert answered(two, BROKEN, 7) == [2, 3, 4, 5, 6, 10, 11]
    assert parked_sources(two.settings) == {}
    assert parked_said(two) == ""
    assert worker.exit_code is None


def test_a_gap_that_comes_while_a_worker_runs_is_no_gap_in_silence(two):
    two.send(BROKEN, messages(BROKEN, 0, 2))
    two.mekong("worker", "intake")
    answered(two, BROKEN, 2)
    mekong(two, "park", BROKEN, "--reason", "a test")
    two.wait_until(lambda: sources(two), "it is parked")
    two.send(BROKEN, messages(BROKEN, 2, 4))
    delete_before(two, TOPIC, 6)
    two.send(OTHER, messages(OTHER, 0, 1))
    answered(two, OTHER, 1)
    assert answered(two, BROKEN, 2) == [2, 3]
    mekong(two, "unpark", BROKEN)
    two.wait_until(lambda: len(sources(two)) == 3, "the gap parks it again")
    assert [(one["action"], one["by"]) for one in sources(two)] == [("park", "operator"), ("unpark", "operator"), ("park", "exchange")]
    two.send(OTHER, messages(OTHER, 1, 1))
    answered(two, OTHER, 2)


def test_a_topic_that_was_made_anew_is_parked(two):
    two.send(BROKEN, messages(BROKEN, 0, 5))
    two.send(OTHER, messages(OTHER, 0, 1))
    worker = two.mekong("worker", "intake")
    answered(two, BROKEN, 5)
    worker.kill()
    admin = KafkaAdminClient(bootstrap_servers=two.bootstrap)
    admin.delete_topics([TOPIC])
    two.wait_until(lambda: TOPIC not in admin.list_topics(), "the topic is gone")
    admin.close()
    two.register(BROKEN)
    two.send(OTHER, messages(OTHER, 1, 1))
    two.mekong("worker", "intake")
    answered(two, OTHER, 2)
    two.wait_until(lambda: sources(two), "it is parked")
    assert "the topic was made anew" in sources(two)[0]["reason"]
    assert f"`mekong agency remove {BROKEN} --reason ...`" in parked_said(two)
    mekong(two, "agency", "remove", BROKEN, "--reason", "its topic was made anew")
    assert parked_said(two) == "", "nobody waits for one that was removed"


def test_a_parked_source_and_a_skip_stand_a_rebuild(two):
    two.send(BROKEN, messages(BROKEN, 0, 5))
    worker = two.mekong("worker", "intake")
    answered(two, BROKEN, 5)
    mekong(two, "park", BROKEN, "--reason", "a test")
    mekong(two, "skip", BROKEN, "--to", "9", "--reason", "garbage")
    two.wait_until(lambda: len(sources(two)) == 2, "both are in the journal")
    worker.kill()
    two.send(BROKEN, messages(BROKEN, 5, 5))
    two.lose(CASES)
    mekong(two, "rebuild", "intake")
    two.send(OTHER, messages(OTHER, 0, 2))
    two.mekong("worker", "intake")
    answered(two, OTHER, 2)
    assert answered(two, BROKEN, 5) == [2, 3, 4, 5, 6]
    mekong(two, "unpark", BROKEN)
    assert answered(two, BROKEN, 8) == [2, 3, 4, 5, 6, 9, 10, 11]


def test_a_disabled_agency_is_answered_with_the_reason_and_goes_on_when_it_is_enabled(two):
    two.send(BROKEN, messages(BROKEN, 0, 1))
    two.mekong("worker", "intake")
    answered(two, BROKEN, 1)
    assert "disabled" in mekong(two, "agency", "disable", BROKEN, "--reason", "its key was stolen")
    two.send(BROKEN, messages(BROKEN, 1, 1))
    rejected = two.receipts(BROKEN, at_least=2)[1]
    assert (rejected["reason"], "its key was stolen" in rejected["detail"]) == ("agency_disabled", True)
    mekong(two, "agency", "enable", BROKEN)
    two.send(BROKEN, messages(BROKEN, 1, 1))
    assert two.receipts(BROKEN, at_least=3)[2]["outcome"] == "accepted"
