"""Agencies and phases in a deployment: their topics, the signed profile as first record, and the register."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from deploy.cli import mekong
from deploy.profiles import Given, Phase, profile_of
from deploy.registry import Registry, add_agencies, add_agency, add_phase, list_agencies, list_phases, read_compacted
from deploy.topics import admin_client, create_topics
from schemas.connect import kafka_options
from schemas.control import CONTROL, CONTROL_HEADER, signed
from schemas.errors import Fatal, Refused
from schemas.topics import INCOMING, JOURNAL, REGISTRY, SHARED

GIVEN = Given(name="Test agency", kind="customs", country="LA", utc_offset="+07:00")


def records_of(settings, topic):
    consumer = KafkaConsumer(**kafka_options(settings), auto_offset_reset="earliest")
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    found = []
    while consumer.position(partition) < end:
        found += consumer.poll(500).get(partition, [])
    consumer.close()
    return found


def profiles_sent_to(settings, agency):
    return [CONTROL.validate_json(record.value) for record in records_of(settings, INCOMING.of(agency))]


def test_a_new_agency_gets_its_two_topics_as_the_registry_of_topics_says(server_settings, fresh_agency):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    with admin_client(server_settings) as admin:
        assert {f"in.{code}.v1", f"receipts.{code}.v1"} <= set(admin.list_topics())
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, f"in.{code}.v1")])
    for key, value in INCOMING.config.items():
        assert f"'{key}'" in str(found)
        assert value in str(found)


def test_the_first_record_of_an_agencys_topic_is_its_profile_signed_by_the_exchange(server_settings, fresh_agency):
    profile = profile_of(fresh_agency(), GIVEN)
    add_agency(server_settings, profile)
    first = records_of(server_settings, INCOMING.of(profile.agency))[0]
    assert CONTROL.validate_json(first.value) == profile
    assert signed(server_settings.deployment_secret(), first.topic, first.value, dict(first.headers)[CONTROL_HEADER])


def test_adding_an_agency_twice_changes_nothing(server_settings, fresh_agency):
    profile = profile_of(fresh_agency(), GIVEN)
    assert add_agency(server_settings, profile)
    assert not add_agency(server_settings, profile)
    assert profiles_sent_to(server_settings, profile.agency) == [profile]


def test_a_changed_profile_is_written_again(server_settings, fresh_agency):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    renamed = profile_of(code, GIVEN._replace(name="Another name"))
    assert add_agency(server_settings, renamed)
    assert profiles_sent_to(server_settings, code)[-1] == renamed.model_copy(update={"number": 2})


def test_the_command_says_what_was_added_changed_and_left(server_settings, fresh_agency):
    code = fresh_agency()
    add = ["agency", "add", code, "--name", "Test agency", "--kind", "customs", "--country", "LA", "--utc-offset"]
    for offset, said in (
        ("+07:00", "added; it sends on"),
        ("+07:00", "is there already"),
        ("+08:00", "changed, utc-offset +07:00 is now +08:00"),
    ):
        assert f"{code}: {said}" in CliRunner().invoke(mekong, [*add, offset]).output
    assert json.loads(CliRunner().invoke(mekong, [*add, "+09:00", "--json"]).output) == {"added": [], "changed": [code], "unchanged": []}


def test_a_listed_phase_has_its_members(server_settings):
    found = {one["code"]: one for one in json.loads(CliRunner().invoke(mekong, ["phase", "list", "--json"]).output)}
    assert found["OMD-I"]["members"]["VN-CUSTOMS"] == "coordinator"


def test_many_agencies_are_added_at_once_and_listed_by_code(server_settings, fresh_agency):
    codes = sorted(fresh_agency() for _ in range(60))
    assert sorted(add_agencies(server_settings, [profile_of(code, GIVEN) for code in codes])) == codes
    assert [one.agency for one in list_agencies(server_settings) if one.agency in codes] == codes


def test_a_phase_is_written_into_the_profiles_of_its_members_and_of_those_who_come_later(server_settings, fresh_agency, fresh_name):
    here, later, stranger = fresh_agency(), fresh_agency(), fresh_agency()
    add_agencies(server_settings, [profile_of(here, GIVEN), profile_of(stranger, GIVEN), profile_of(later, GIVEN)])
    code = fresh_name("PHASE")
    phase = Phase(
        code=code,
        operation="OMD",
        name="a phase",
        starts_on=date(2027, 4, 15),
        ends_on=date(2027, 9, 15),
        commodity_groups=("drug",),
        members={here: "coordinator", later: "member"},
    )
    assert set(add_phase(server_settings, phase)) == {here, later}
    assert add_phase(server_settings, phase) == []
    assert [part.role for part in profiles_sent_to(server_settings, here)[-1].memberships] == ["coordinator"]
    assert profiles_sent_to(server_settings, stranger)[-1].memberships == ()
    assert phase in list_phases(server_settings)
    add_phase(server_settings, phase.model_copy(update={"members": {}}))
    assert profiles_sent_to(server_settings, here)[-1].memberships == ()


@pytest.mark.parametrize("write", [1, 2, 3], ids=["before it goes out", "before its topic has it", "before it is registered"])
@pytest.mark.parametrize("goes_on", ["the same again", "another phase"])
def test_a_change_that_was_interrupted_is_mended_by_the_next(server_settings, fresh_agency, fresh_name, monkeypatch, write, goes_on):
    code, first, second = fresh_agency(), fresh_name("P"), fresh_name("P")
    add_agency(server_settings, profile_of(code, GIVEN))
    wanted = Phase(code=first, operation="OMD", name="p", starts_on=date(2027, 1, 1), ends_on=date(2027, 1, 2), members={code: "member"})
    real, written = Registry._write, []

    def interrupted(self, records):
        written.append(records)
        if len(written) > write:  # the first is that of the phase itself
            raise KeyboardInterrupt
        real(self, records)

    with monkeypatch.context() as killed:
        killed.setattr(Registry, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            add_phase(server_settings, wanted)
    add_phase(server_settings, wanted if goes_on == "the same again" else wanted.model_copy(update={"code": second}))
    taken = None
    for profile in profiles_sent_to(server_settings, code):  # as intake does
        taken = profile if taken is None or profile.number > taken.number else taken
    assert taken in list_agencies(server_settings)
    assert {part.phase for part in taken.memberships} == {first} | ({second} if goes_on == "another phase" else set())


def test_adding_an_agency_of_a_phase_again_keeps_its_part(server_settings, fresh_agency, fresh_name):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    phase = Phase(
        code=fresh_name("P"), operation="OMD", name="p", starts_on=date(2027, 1, 1), ends_on=date(2027, 1, 2), members={code: "member"}
    )
    add_phase(server_settings, phase)
    assert not add_agency(server_settings, profile_of(code, GIVEN))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"operation": "OMG"}, "did you mean OMD", id="operation"),
        pytest.param({"commodity_groups": ("drugs",)}, "did you mean drug", id="commodity group"),
        pytest.param({"members": {"VN-CUSTOM": "member"}}, "did you mean VN-CUSTOMS", id="member"),
        pytest.param({"code": "OMD-I"}, "code list already", id="a phase of the code list"),
        pytest.param({"ends_on": date(2020, 1, 1)}, "before it starts", id="days the wrong way round"),
    ],
)
def test_a_phase_with_an_unknown_name_is_refused_with_what_is_near(server_settings, change, sentence):
    phase = Phase(code="OMD-X", operation="OMD", name="x", starts_on=date(2027, 1, 1), ends_on=date(2027, 1, 2))
    with pytest.raises(Refused, match=sentence):
        add_phase(server_settings, phase.model_copy(update=change))
    assert "phase:OMD-X" not in read_compacted(server_settings, REGISTRY.name)


def test_shared_topics_are_made_once_and_another_number_of_partitions_is_fatal(server_settings):
    create_topics(server_settings, SHARED)
    assert create_topics(server_settings, SHARED) == []
    with pytest.raises(Fatal, match="partitions"):
        create_topics(server_settings, [JOURNAL._replace(partitions=JOURNAL.partitions + 1)])
