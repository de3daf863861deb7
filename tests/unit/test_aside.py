"""Which failures set a record aside, which end the process, and what is written of it."""

from __future__ import annotations

import json
import re

import pytest
from aiokafka import TopicPartition
from click.testing import CliRunner

from mekong.deploy import aside as listed
from mekong.deploy.cli.aside import aside
from mekong.schemas import wire
from mekong.schemas.aside import Aside, Cause
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ALERTS, ASIDE, JOURNAL, MEMBER_ALERTS, MOST_BYTES, SUBSCRIPTIONS
from mekong.streams.agents import notify, share
from mekong.streams.aside import Guarded
from mekong.streams.core.aside import MOST_IN_A_ROW, RUN
from mekong.streams.core.belongs import Belongs, of_alert, of_entry, of_shared, of_shared_entry
from mekong.streams.core.draft import Draft
from mekong.streams.lanes import Output
from tests.fakes import Record
from tests.unit.sharing import alert

SOURCE = TopicPartition(JOURNAL.name, 6)
OUT = ("counts.v1", 6)


class Stage:
    """A stage whose fold does what its records say; each call of ``take`` is one committed run."""

    def __init__(self):
        self.state, self.next = {}, 0

    def fold(self, state, changes, source, records):
        draft, rows = Draft(state, changes), []
        for record in records:
            value = wire.load(record.value)
            draft.put(b"VN-CUSTOMS/clock", {"f": 1, "n": value["n"]})
            if what := value.get("raises"):
                raise what_of(what)
            rows.append(Output(None, b"x" * value.get("bytes", 1)))
        return {OUT: rows}

    def take(self, *values):
        changes = {}
        records = [Record(self.next + n, one if isinstance(one, bytes) else wire.dump({"n": n, **one})) for n, one in enumerate(values)]
        self.next += len(values)
        outputs = Guarded("watch", self.fold, lambda _, value: of_entry(value))(self.state, changes, SOURCE, records)
        self.state = {key: value for key, value in {**self.state, **changes}.items() if value is not None}
        self.rows = outputs.get(OUT, [])
        return [wire.decode(row.value, Aside) for row in outputs.get((ASIDE.name, 0), [])]


def what_of(name):
    return {
        "defect": KeyError("words of a member"),
        "memory": MemoryError(),
        "refused": Refused("deploy the newer code"),
        "fatal": Fatal("the end"),
        "away": Retriable("busy"),
        "disk": OSError("too many open files"),
    }[name]


GOOD, BAD = {}, {"raises": "defect"}


def of_case(event_id, **more):
    return {"kind": "version", "event_id": event_id, "agency": "VN-CUSTOMS", "case_no": "1", "received_at": "2026-05-03T08:00:00Z", **more}


def test_a_record_that_fails_again_alone_is_set_aside_and_the_others_go_through():
    stage = Stage()
    (found,) = stage.take(GOOD, of_case("e", **BAD), GOOD)
    assert (found.stage, found.source_topic, found.source_partition, found.source_offset) == ("watch", JOURNAL.name, 6, 1)
    assert (found.cause, found.agency, found.case_no, found.keys) == (Cause.FAILED, "VN-CUSTOMS", "1", ("case/e",))
    assert found.at.isoformat() == "2026-05-03T08:00:00+00:00"
    assert len(stage.rows) == 2
    assert wire.load(stage.state[b"VN-CUSTOMS/clock"])["n"] == 2


def test_what_is_written_of_a_failure_names_its_class_and_place_and_no_word_of_the_record():
    (found,) = Stage().take(BAD)
    assert (found.error, found.place) == ("KeyError", "streams.aside, line " + found.place.rpartition(" ")[2])
    assert "member" not in found.model_dump_json().replace("member_", "")


def test_later_versions_of_a_case_that_is_aside_follow_it_in_this_run_and_in_later_ones():
    stage = Stage()
    assert [one.cause for one in stage.take(of_case("e", **BAD), of_case("e"), of_case("f"))] == [Cause.FAILED, Cause.FOLLOWS]
    assert [one.source_offset for one in stage.take(of_case("f"), of_case("e"), GOOD)] == [4]
    assert len(stage.rows) == 2


def test_a_record_that_cannot_be_read_goes_aside_with_the_time_at_which_it_was_written():
    for raw in (b"\xff", b"[1]", b"", b'{"kind": "version", "event_id": 7, "received_at": "yesterday"}'):
        (found,) = Stage().take(raw)
        assert (found.keys, found.agency, found.case_no) == ((), None, None)
        assert found.at.timestamp() == 1_780_000_000


def test_an_output_that_its_topic_does_not_take_is_a_failure_of_its_record():
    stage = Stage()
    assert [one.error for one in stage.take(GOOD, {"bytes": MOST_BYTES + 1}, {"bytes": MOST_BYTES})] == ["TooLarge"]
    assert [len(row.value) for row in stage.rows] == [1, MOST_BYTES]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("memory", MemoryError), ("refused", Refused), ("fatal", Fatal), ("away", Retriable), ("disk", OSError)],
)
def test_a_failure_that_says_nothing_of_the_record_is_none_of_it(name, kind):
    for before in ((), (GOOD,), (BAD,)):
        with pytest.raises(kind):
            Stage().take(*before, {"raises": name})


def test_a_run_that_fails_though_no_record_of_it_fails_alone_sets_nothing_aside():
    stage = Stage()
    calls = []
    real = stage.fold

    def fold(state, changes, source, records):
        calls.append(len(records))
        if len(calls) == 1:
            raise KeyError("the first time")
        return real(state, changes, source, records)

    stage.fold = fold
    assert stage.take(GOOD, GOOD, GOOD) == []
    assert (calls, len(stage.rows)) == ([3, 1, 1, 1], 3)


def test_a_hundred_failures_in_a_row_end_the_process_counted_over_restarts():
    stage = Stage()
    assert len(stage.take(*[BAD] * (MOST_IN_A_ROW - 1))) == MOST_IN_A_ROW - 1
    again = Stage()  # the process starts again with the state that was committed
    again.state, again.next = dict(stage.state), stage.next
    for _ in range(3):
        with pytest.raises(Fatal, match=f"watch failed on {MOST_IN_A_ROW} records in a row; the last is journal.v1/6 offset"):
            again.take(BAD)


def test_a_record_that_goes_well_ends_the_row_and_one_that_follows_does_not():
    stage = Stage()
    stage.take(of_case("e", **BAD), BAD)
    assert stage.state[RUN] == b"2"
    stage.take(of_case("e"))
    assert stage.state[RUN] == b"2"
    stage.take(GOOD)
    assert RUN not in stage.state


def test_an_alert_goes_aside_with_what_it_opened_with_a_case_that_it_names_and_with_a_red_case_of_its_days():
    alert = {
        "kind": "SPIKE",
        "series": "VN-CUSTOMS/drug",
        "agency": "VN-CUSTOMS",
        "opened": "2026-05-02",
        "bucket": {"start": "2026-05-03", "end": "2026-05-04"},
        "event_ids": ["e"],
    }
    own = "alert/SPIKE/VN-CUSTOMS/drug/2026-05-02"
    days = [f"red/VN-CUSTOMS/2026-05-0{day}" for day in (2, 3, 4)]
    assert of_alert(alert) == Belongs((own, "case/e", *days), (own,))
    red = of_case("e", content={"handling": {"tlp": "TLP:RED"}}, contribution={"day": "2026-05-03"}, supersedes=None)
    assert set(days) < set(of_shared_entry(red).keys)
    assert "red/network/2026-05-03" in of_shared_entry(red).keys
    assert of_shared_entry(of_case("e")).keys == ("case/e",)


def test_what_is_shared_with_one_member_belongs_to_its_case_or_alert_for_that_member():
    assert of_shared("LA-CUSTOMS", {"kind": "warning", "message": {"event_id": "e"}}).keys == ("LA-CUSTOMS/case/e",)
    assert of_shared("LA-CUSTOMS", {"kind": "alert", "alert": {"kind": "MAJOR", "series": "s", "opened": "d"}}).keys == (
        "LA-CUSTOMS/alert/MAJOR/s/d",
    )


@pytest.mark.parametrize("value", [{}, {"kind": "tick"}, {"kind": "agency", "event_id": "e"}, {"kind": "hour", "at": "x"}])
def test_ticks_profiles_and_hours_belong_to_nothing_the_next_one_says_all(value):
    assert of_entry(value) == of_shared_entry(value) == of_shared("LA-CUSTOMS", value) == Belongs()


def folded(plan, *values):
    """What a stage sets aside of records of a topic, each its own committed run from a new state on; and that state."""
    state, found = {}, []
    for number, (where, value) in enumerate(values):
        changes = {}
        outputs = plan.fold(state, changes, TopicPartition(where, 0), [Record(number, wire.dump(value))])
        state.update(changes)
        found += [wire.decode(row.value, Aside) for row in outputs.get((ASIDE.name, 0), [])]
    return found, state


def test_an_alert_that_must_wait_for_its_journal_fails_at_its_own_record_and_not_at_those_that_release_it():
    settings = Settings(secret="x")
    sound = alert("VN-CUSTOMS", "2026-05-03T08:00:00Z")
    broken = {name: value for name, value in sound.items() if name != "bucket"}
    for value, count in ((sound, 0), (broken, 1)):
        found, state = folded(share.plan(settings), (ALERTS.name, value))
        assert len(found) == count
        assert any(key.startswith(b"held/") for key in state) is not bool(count)


def test_an_alert_that_must_wait_for_a_digest_fails_at_its_own_record_and_not_at_those_that_send_it():
    wish = {"id": "vn-duty", "member": "VN-CUSTOMS", "channel": {"channel": "stream"}, "changed_at": "2026-05-01T00:00:00Z"}
    shared = {"format": 1, "kind": "alert", "at": "2026-05-03T08:00:00Z", "member": "VN-CUSTOMS", "utc_offset": "+07:00"}
    sound = alert("VN-CUSTOMS", "2026-05-03T08:00:00Z")
    for tier, count in (("SPIKE", 0), ("UNHEARD-OF", 1)):
        plan, value = notify.plan(Settings(secret="x")), {**shared, "alert": {**sound, "tier": tier}}
        found, state = folded(plan, (SUBSCRIPTIONS.name, wish), (MEMBER_ALERTS.of("VN-CUSTOMS"), value))
        assert len(found) == count
        assert any(key.startswith(b"digest/") for key in state) is not bool(count)


def test_the_list_has_a_line_for_each_failure_with_what_went_aside_behind_it(monkeypatch):
    stage = Stage()
    found = stage.take(of_case("e", **BAD), of_case("e"), BAD, of_case("e"))
    named = found[1].model_copy(update={"keys": ("alert/x",), "stage": "share"})
    monkeypatch.setattr(listed, "read_all", lambda *_: [*found, named])
    assert [(group.first.source_offset, group.later) for group in listed.all_aside(Settings())] == [(0, 2), (2, 0), (1, 0)]
    shown = CliRunner().invoke(aside, ["list"]).output
    assert re.search(r"2026-05-03 08:00 +watch +VN-CUSTOMS +1 +2 +KeyError in streams.aside", shown)
    assert "what it names is aside" in shown
    lines = CliRunner().invoke(aside, ["list", "--json"]).output.splitlines()
    assert [json.loads(line)["later"] for line in lines] == [2, 0, 0]


def test_an_empty_list_says_so(monkeypatch):
    monkeypatch.setattr(listed, "read_all", lambda *_: [])
    assert CliRunner().invoke(aside, ["list"]).output == "nothing is set aside\n"
