"""Agencies and phases in a deployment: their topics, the signed profile as first record, and the register."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from mekong.deploy.cli import mekong
from mekong.deploy.fence import Fence, Lost
from mekong.deploy.profiles import Given, Phase, profile_of
from mekong.deploy.registry import add_agencies, add_agency, add_phase, changed, list_agencies, list_phases, read_compacted
from mekong.deploy.topics import admin_client, create_topics
from mekong.schemas.connect import kafka_options
from mekong.schemas.control import CONTROL, CONTROL_HEADER, signed
from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING, JOURNAL, REGISTRY, SHARED
from mekong.schemas.wire import encode

ADD = ["--name", "Test agency", "--kind", "customs", "--country", "LA", "--utc-offset", "+07:00"]
GIVEN = Given(name="Test agency", kind="customs", country="LA", utc_offset="+07:00")


def records_of(settings, topic):
    consumer = KafkaConsumer(**kafka_options(settings), auto_offset_reset="earliest", isolation_level="read_committed")
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


def alone(profile):
    """A profile but for who else is there: other tests add agencies too."""
    return profile.model_copy(update={"members": None})


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
    assert alone(CONTROL.validate_json(first.value)) == profile
    assert signed(server_settings.control_keys().signing, first.topic, first.value, dict(first.headers)[CONTROL_HEADER])


def test_adding_an_agency_twice_changes_nothing(server_settings, fresh_agency):
    profile = profile_of(fresh_agency(), GIVEN)
    assert add_agency(server_settings, profile)
    assert not add_agency(server_settings, profile)
    assert [alone(one) for one in profiles_sent_to(server_settings, profile.agency)] == [profile]


def test_a_changed_profile_is_written_again(server_settings, fresh_agency):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    renamed = profile_of(code, GIVEN._replace(name="Another name"))
    assert add_agency(server_settings, renamed)
    assert alone(profiles_sent_to(server_settings, code)[-1]) == renamed.model_copy(update={"number": 2})


def test_every_agency_is_told_who_is_there_when_one_joins(server_settings, fresh_agency):
    here, joins = fresh_agency(), fresh_agency()
    add_agency(server_settings, profile_of(here, GIVEN))
    assert joins not in profiles_sent_to(server_settings, here)[-1].members
    assert add_agencies(server_settings, [profile_of(joins, GIVEN)]) == [joins]
    told = [profiles_sent_to(server_settings, code)[-1] for code in (here, joins)]
    assert [{here, joins} <= {*profile.members} for profile in told] == [True, True]
    assert [profile.number for profile in told] == [2, 1]


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


def taken_by_intake(settings, code):
    """The profile that intake has after all that it was sent."""
    taken = None
    for profile in profiles_sent_to(settings, code):
        taken = profile if taken is None or profile.number > taken.number else taken
    return taken


def named(code, name):
    return profile_of(code, GIVEN._replace(name=name))


@pytest.mark.parametrize("moment", ["before it is written", "when it is written and nobody has heard"])
def test_a_change_is_written_in_whole_or_not_at_all_and_done_again_it_is_there_once(server_settings, fresh_agency, monkeypatch, moment):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    real = Fence._end

    def killed(self):
        if moment != "before it is written":
            real(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Fence, "_end", killed)
        with pytest.raises(KeyboardInterrupt):
            add_agency(server_settings, named(code, "Another name"))
    assert add_agency(server_settings, named(code, "Another name")) is (moment == "before it is written")
    assert [profile.number for profile in profiles_sent_to(server_settings, code)] == [1, 2]
    assert taken_by_intake(server_settings, code) in list_agencies(server_settings)


@pytest.mark.parametrize("is_written", [True, False])
def test_an_end_that_is_not_answered_is_looked_at_again(server_settings, fresh_agency, monkeypatch, is_written):
    code, real, ends = fresh_agency(), Fence._end, []
    add_agency(server_settings, profile_of(code, GIVEN))

    def unanswered(self):
        ends.append(self)
        if is_written or len(ends) > 1:
            real(self)
        if len(ends) == 1:
            raise Lost("no answer")

    monkeypatch.setattr(Fence, "_end", unanswered)
    assert add_agency(server_settings, named(code, "Another name"))
    assert len(ends) == (1 if is_written else 2)
    assert [profile.number for profile in profiles_sent_to(server_settings, code)] == [1, 2]


def test_two_operators_at_once_both_end_right(server_settings, fresh_agency):
    code, calls = fresh_agency(), []
    add_agency(server_settings, profile_of(code, GIVEN))

    def rename(registry):
        calls.append(registry)
        if len(calls) == 1:  # the other begins and ends between this one's reading and its writing
            changed(server_settings, lambda other: other.change(code, utc_offset="+08:00"))
        return registry.change(code, name="Another name")

    assert changed(server_settings, rename) == [code]
    assert len(calls) == 2
    taken = taken_by_intake(server_settings, code)
    assert (taken.name, taken.utc_offset, taken.number) == ("Another name", "+08:00", 3)
    assert taken in list_agencies(server_settings)


def test_many_operators_at_once_lose_nothing(server_settings, fresh_agency):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    fields = {"name": "Another name", "utc_offset": "+08:00", "kind": "police", "country": "TH"}
    with ThreadPoolExecutor(len(fields)) as operators:
        work = [operators.submit(changed, server_settings, lambda r, f=f: r.change(code, **{f: fields[f]})) for f in fields]
        assert [one.result() for one in work] == [[code]] * len(fields)
    taken = taken_by_intake(server_settings, code)
    assert {field: getattr(taken, field) for field in fields} == fields
    assert [profile.number for profile in profiles_sent_to(server_settings, code)] == [1, 2, 3, 4, 5]


def test_a_change_that_an_older_version_left_half_way_is_mended_by_the_next(server_settings, fresh_agency):
    """It wrote first what goes out, then the agency's own topic, then the register; a number that went out is not used again."""
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))
    half = named(code, "Half-way").model_copy(update={"number": 2})
    with Fence.opened(server_settings) as fence:
        fence.commit([(REGISTRY.name, f"outgoing:{code}", encode(half), [])])
    assert add_agency(server_settings, named(code, "Another name"))
    assert alone(taken_by_intake(server_settings, code)) == named(code, "Another name").model_copy(update={"number": 3})
    assert f"outgoing:{code}" not in read_compacted(server_settings, REGISTRY.name)


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


def test_a_new_deployment_with_a_secret_that_can_be_guessed_is_refused_and_an_old_one_goes_on(new_kafka, start_server, tmp_path):
    start_server(new_kafka)
    weak = Settings(kafka_bootstrap=new_kafka.bootstrap, secret="x", home=tmp_path)
    for begin in (lambda: create_topics(weak), lambda: add_agency(weak, profile_of("VN-CUSTOMS"))):
        with pytest.raises(Refused, match="MEKONG_SECRET has 1 bytes"):
            begin()
    with pytest.MonkeyPatch.context() as before:  # as the version before began it
        before.setattr(Settings, "check_new_secret", lambda _: None)
        create_topics(weak)
        add_agency(weak, profile_of("VN-CUSTOMS"))
    create_topics(weak)
    add_agency(weak, profile_of("LA-CUSTOMS"))


def test_shared_topics_are_made_once_and_another_number_of_partitions_is_fatal(server_settings):
    create_topics(server_settings, SHARED)
    assert create_topics(server_settings, SHARED) == []
    with pytest.raises(Fatal, match="partitions"):
        create_topics(server_settings, [JOURNAL._replace(partitions=JOURNAL.partitions + 1)])


def test_an_agency_is_disabled_removed_and_back_and_keeps_what_else_is_known_of_it(server_settings, fresh_agency):
    code = fresh_agency()
    add_agency(server_settings, profile_of(code, GIVEN))

    def now():
        taken = taken_by_intake(server_settings, code)
        assert taken in list_agencies(server_settings)
        return taken.status, taken.reason, taken.name

    for command, status in (
        (["disable", code, "--reason", "its key was stolen"], ("disabled", "its key was stolen", "Test agency")),
        (["rename", code, "--name", "Another name"], ("disabled", "its key was stolen", "Another name")),
        (["add", code, *ADD], ("disabled", "its key was stolen", "Test agency")),
        (["enable", code], ("active", "", "Test agency")),
        (["remove", code, "--reason", "merged"], ("removed", "merged", "Test agency")),
        (["add", code, *ADD], ("active", "", "Test agency")),
    ):
        assert CliRunner().invoke(mekong, ["agency", *command]).exit_code == 0, command
        assert now() == status
    assert "named so already" in CliRunner().invoke(mekong, ["agency", "rename", code, "--name", "Test agency"]).output
    with pytest.raises(Refused, match="is not registered"):
        changed(server_settings, lambda registry: registry.change("XX-NOBODY", name="x"))
