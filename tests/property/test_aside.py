"""A defect on some records of a stage: outputs and state are byte for byte those of the log without them, however it is cut into runs."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spikes.journal import case, profile, tick
from mekong.schemas import wire
from mekong.schemas.aside import Aside, Cause, remaining
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ALERTS, ASIDE, JOURNAL
from mekong.streams.agents import share, watch
from mekong.streams.core.aside import RUN
from mekong.streams.core.notices import share as sharing
from mekong.streams.core.spikes.fold import PartitionDetectors
from mekong.streams.retry import groups, take_up
from tests.amount import examples
from tests.fakes import Record
from tests.unit.sharing import alert, membership, registered, version
from tests.unit.sharing import tick as hour

AGENCY, FIRST = "VN-CUSTOMS", 738_900
POISON = "poison"
ENTRIES = TopicPartition(JOURNAL.name, 6)
RAISED = TopicPartition(ALERTS.name, 6)


class Step(NamedTuple):
    source: TopicPartition
    value: dict
    keys: tuple[str, ...]
    """What it and later records of the same belong to."""


arrivals = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["drug", "fauna"]), st.integers(0, 60), st.booleans()), max_size=6)


@st.composite
def journals(draw):
    """Days of an agency with cases of a few numbers, each version superseding the last; some records carry the defect."""
    steps, current, number = [Step(ENTRIES, profile(AGENCY) | {"format": 1}, ())], {}, 0
    for day, today in enumerate(draw(st.lists(arrivals, min_size=4, max_size=15))):
        steps.append(Step(ENTRIES, tick(AGENCY, FIRST + day) | {"format": 1, POISON: draw(st.integers(0, 9)) == 0}, ()))
        for which, group, delay, is_bad in today:
            number += 1
            entry = case(AGENCY, which, FIRST + day - delay, FIRST + day, group=group)
            before = current.get(which)
            more = {"version": before["version"] + 1, "supersedes": before["contribution"]} if before else {}
            current[which] = entry = entry | more | {"format": 1, POISON: is_bad and number % 3 == 0}
            steps.append(Step(ENTRIES, entry, (f"case/{entry['event_id']}",)))
    return [*steps, Step(ENTRIES, tick(AGENCY, FIRST + 20) | {"format": 1}, ())]


@st.composite
def shared(draw):
    """Entries and alerts as share reads them, by turns."""
    steps = [Step(ENTRIES, registered(AGENCY, membership()), ())]
    for number in range(draw(st.integers(1, 25))):
        poison = {POISON: draw(st.integers(0, 4)) == 0}
        which, what = draw(st.integers(0, 4)), draw(st.sampled_from(["tick", "case", "red", "warning", "alert"]))
        if what == "tick":
            steps.append(Step(ENTRIES, hour(AGENCY, f"2026-05-03T{number % 24:02}:00:00Z") | poison, ()))
        elif what == "alert":
            found = alert(AGENCY, f"2026-05-03T08:00:{number:02}Z", [f"case {which}"], opened="2026-05-03") | poison
            found["series"] = f"{AGENCY}/drug/{which}"
            keys = (f"alert/SPIKE/{found['series']}/2026-05-03", f"case/case {which}", "red/2026-05-03")
            steps.append(Step(RAISED, found, keys))
        else:
            family, content = ("warning", {"to": [AGENCY]}) if what == "warning" else ("case", {})
            if what == "red":
                content = {"handling": {"tlp": "TLP:RED", "release_to": []}}
            entry = version(AGENCY, f"{family} {which}", family, **content) | poison
            entry["contribution"] = {"day": "2026-05-03", "groups": {"drug": [1, 1]}} if family == "case" else None
            steps.append(Step(ENTRIES, entry, (f"case/{entry['event_id']}", *(["red/2026-05-03"] if what == "red" else []))))
    return steps


def expected_to_go(steps):
    """Numbers of the records that are folded, by the rule in two lines; red days are put aside, and only alerts follow them."""
    aside, going = set(), []
    for number, step in enumerate(steps):
        follows = step.keys if step.source is RAISED else step.keys[:1]
        if step.value.get(POISON) or aside & set(follows):
            aside |= set(step.keys[:1]) if step.source is RAISED else set(step.keys)
        else:
            going.append(number)
    return going


def run(fold, steps, numbers, cuts=()):
    """Records of these numbers in runs: one ends at each cut and where the source changes; a cut also commits."""
    state, changes, outputs, first = {}, {}, {}, 0
    numbers = list(numbers)
    for last in range(1, len(numbers) + 1):
        here, is_over = numbers[first], last == len(numbers)
        if is_over or last in cuts or steps[numbers[last]].source is not steps[here].source:
            records = [Record(number, wire.dump(steps[number].value)) for number in numbers[first:last]]
            for where, rows in fold(state, changes, steps[here].source, records).items():
                outputs.setdefault(where, []).extend(rows)
            first = last
        if is_over or last in cuts:
            state = {key: value for key, value in {**state, **changes}.items() if value is not None}
            changes = {}
    return state, {where: rows for where, rows in outputs.items() if rows}


def check(plan, steps, cuts):
    going = expected_to_go(steps)
    wanted = run(plan.fold.fold, steps, going)
    state, outputs = run(plan.fold, steps, range(len(steps)), cuts)
    aside = [wire.decode(row.value, Aside) for row in outputs.pop((ASIDE.name, 0), [])]
    assert ({key: value for key, value in state.items() if not key.startswith(b"@aside/")}, outputs) == wanted
    assert sorted(one.source_offset for one in aside) == sorted(set(range(len(steps))) - set(going))
    failed = {one.source_offset for one in aside if one.cause is Cause.FAILED}
    assert failed <= {number for number, step in enumerate(steps) if step.value.get(POISON)}
    return state


class Defect:
    """Whether the code still fails."""

    is_mended = False

    def at(self, value):
        return value.get(POISON) and not self.is_mended


@pytest.fixture(scope="module", autouse=True)
def defect():
    """A defect behind the work: half of everything is done when it comes."""
    broken = Defect()
    real_take, real_entry, real_alert = PartitionDetectors.take, sharing._entry, sharing.take_alert

    def take(self, entry):
        made = real_take(self, entry)
        return made if not broken.at(entry.value) else made[9**9]

    def entry(draft, members, value, *rest):
        yield from real_entry(draft, members, value, *rest)
        assert not broken.at(value)

    def take_alert(draft, members, value, raw):
        yield from real_alert(draft, members, value, raw)
        assert not broken.at(value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PartitionDetectors, "take", take)
        patch.setattr(sharing, "_entry", entry)
        patch.setattr(sharing, "take_alert", take_alert)
        yield broken


@settings(deadline=None, max_examples=examples(30))
@given(journals(), st.sets(st.integers(1, 80)))
def test_watch_with_a_defect_is_watch_without_the_records_it_is_at(steps, cuts):
    state = check(watch.plan(Settings(secret="x")), steps, cuts)
    assert state == check(watch.plan(Settings(secret="x")), steps, ())


@settings(deadline=None, max_examples=examples(60))
@given(shared(), st.sets(st.integers(1, 25)))
def test_share_with_a_defect_is_share_without_the_records_it_is_at(steps, cuts):
    state = check(share.plan(Settings(secret="x")), steps, cuts)
    assert state == check(share.plan(Settings(secret="x")), steps, ())


def retried_with(plan, steps, defect):
    """The state of a stage that has set aside, is mended and takes all up again; and the numbers of what it takes up, in order."""
    state, outputs = run(plan.fold, steps, range(len(steps)))
    left = [wire.decode(row.value, Aside) for row in outputs.get((ASIDE.name, 0), [])]
    defect.is_mended = True
    in_order, here = [], list(left)
    for group in groups(left):
        here = [one for one in here if one not in group]
        kept = {key for one in here for key in one.keys}
        keys = sorted({key for one in group for key in one.keys} - kept)
        records = [Record(one.source_offset, wire.dump(steps[one.source_offset].value)) for one in group]
        more, changes = take_up(plan, state, group, keys, records)
        state = {key: value for key, value in {**state, **changes}.items() if value is not None}
        assert remaining([*group, *(wire.decode(row.value, Aside) for row in more[ASIDE.name, 0])]) == []
        in_order += [one.source_offset for one in group if one.keys]
    return state, in_order


@settings(deadline=None, max_examples=examples(30))
@given(steps=journals() | shared())
def test_what_is_taken_up_again_is_folded_behind_the_others_and_nothing_is_aside_any_more(defect, steps):
    plan = (share if steps[0].value.get("received_at") else watch).plan(Settings(secret="x"))
    going = expected_to_go(steps)
    try:
        state, in_order = retried_with(plan, steps, defect)
        wanted, _ = run(plan.fold.fold, steps, [*going, *in_order])
    finally:
        defect.is_mended = False
    assert {key: value for key, value in state.items() if key != RUN} == wanted
