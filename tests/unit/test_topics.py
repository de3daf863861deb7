"""The topic registry: names, owners and lanes."""

from __future__ import annotations

import pytest

from mekong.schemas.codes import code_list
from mekong.schemas.topics import INCOMING, LANES, PER_AGENCY, RECEIPTS, SHARED, TOPICS, agency_of, is_ours, lane_of, receipts_of


@pytest.mark.parametrize("name", ["in.VN-CUSTOMS.v1", "receipts.VN-CUSTOMS.v1", "alerts.VN-CUSTOMS.v1", "alerts.v1", "journal.v1"])
def test_a_topic_of_the_exchange_is_known_by_its_name(name):
    assert is_ours(name)


@pytest.mark.parametrize("name", ["orders", "journal.v1.copy", "my-journal.v1", "in.v1", "in.{agency}.v1", "journalxv1", "__offsets"])
def test_a_topic_of_others_is_not_ours(name):
    assert not is_ours(name)


def test_topics_are_shared_or_one_for_each_agency():
    assert sorted(topic.name for topic in SHARED + PER_AGENCY) == sorted(topic.name for topic in TOPICS)
    assert {topic.name for topic in PER_AGENCY} == {"in.{agency}.v1", "receipts.{agency}.v1", "alerts.{agency}.v1"}
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize("agency", sorted(code_list("agencies")))
def test_an_agencys_topic_names_it_and_its_receipts(agency):
    incoming = INCOMING.of(agency)
    assert agency_of(incoming) == agency
    assert receipts_of(incoming) == RECEIPTS.of(agency)
    assert 0 <= lane_of(incoming) < LANES


@pytest.mark.parametrize(
    "topic", ["journal.v1", "receipts.VN-CUSTOMS.v1", "in.vn.v1", "in.VN-CUSTOMS", "xin.VN-CUSTOMS.v1", "in.VN-CUSTOMS.v1.x", ""]
)
def test_any_other_topic_is_no_agencys(topic):
    assert agency_of(topic) is None


def test_the_next_topic_of_a_removed_agency_is_still_its_own():
    assert agency_of("in.VN-CUSTOMS.v12") == "VN-CUSTOMS"
    assert receipts_of("in.VN-CUSTOMS.v12") == "receipts.VN-CUSTOMS.v12"


@pytest.mark.parametrize(("agency", "lane"), [("VN-CUSTOMS", 6), ("CN-CUSTOMS", 7), ("LA-CUSTOMS", 3)])
def test_the_lane_of_an_agency_never_changes(agency, lane):
    assert lane_of(INCOMING.of(agency)) == lane


def test_agencies_topics_have_one_partition_so_that_their_order_is_the_agencys():
    assert {topic.partitions for topic in PER_AGENCY} == {1}


def test_what_an_agency_sends_is_stamped_by_the_broker_and_never_compressed():
    assert INCOMING.config["message.timestamp.type"] == "LogAppendTime"
    assert INCOMING.config["compression.type"] == "uncompressed"


def test_every_setting_is_a_text_as_kafka_wants_it():
    assert all(isinstance(value, str) for topic in TOPICS for value in topic.config.values())


def test_what_is_kept_for_ever_is_cut_by_no_limit_of_the_broker():
    for topic in TOPICS:
        if topic.config.get("retention.ms") == "-1":
            assert topic.config["retention.bytes"] == "-1", topic.name
