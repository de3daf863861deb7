"""Logs, queues, tables and tallies: what Python's own say, in small records."""

from collections import Counter, deque
from heapq import heappop, heappush

from hypothesis import given
from hypothesis import strategies as st

from mekong.streams.core.collections import Due, Log, Queue, Table, Tally
from mekong.streams.core.draft import MOST_BYTES, Draft, Named

names = st.sampled_from(["a", "b", "c", "d", "e"])


class Kept:
    """Records of a state, each change committed at once."""

    def __init__(self):
        self.state, self.touched = {}, 0

    def __call__(self, change):
        changes = {}
        found = change(Named(Draft(self.state, changes)))
        self.touched = len(changes)
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return found


@given(st.lists(st.one_of(st.integers(0, 9), st.sampled_from(["first", "take"])), max_size=60))
def test_a_log_gives_what_came_in_its_order(steps):
    kept, model = Kept(), deque()
    for step in steps:
        if isinstance(step, int):
            kept(lambda records, n=step: Log(records, "log").append({"n": n}))
            model.append(step)
        elif step == "take":
            assert [one["n"] for one in kept(lambda records: Log(records, "log").take())] == list(model)
            model.clear()
        elif model:
            assert kept(lambda records: Log(records, "log").first())["n"] == model.popleft()
            kept(lambda records: Log(records, "log").drop_first())
        assert kept(lambda records: len(Log(records, "log"))) == len(model)
    assert bool(kept.state) == bool(model)


@given(st.lists(st.one_of(st.tuples(names, names), st.none()), max_size=80))
def test_a_queue_gives_the_earliest_first(steps):
    kept, model = Kept(), []
    for step in steps:
        if step is not None:
            kept(lambda records, step=step: Queue(records, "queue").put(Due(*step)))
            heappush(model, Due(*step))
        elif model:
            assert kept(lambda records: Queue(records, "queue").first()) == heappop(model)
            kept(lambda records: Queue(records, "queue").drop_first())
    assert kept(lambda records: Queue(records, "queue").first()) == (model[0] if model else None)
    assert bool(kept.state) == bool(model)


@given(st.lists(st.tuples(st.booleans(), names, st.integers(0, 3)), max_size=60))
def test_a_table_has_what_was_put_and_not_dropped(steps):
    kept, model = Kept(), {}
    for is_put, name, value in steps:
        if is_put:
            kept(lambda records, name=name, value=value: Table(records, "table").put(name, {"n": value}))
            model[name] = value
        else:
            kept(lambda records, name=name: Table(records, "table").drop(name))
            model.pop(name, None)
        there = kept(lambda records: {one: Table(records, "table").get(one)["n"] for one in Table(records, "table")})
        assert there == model
    assert sorted(kept(lambda records: Table(records, "table").clear())) == sorted(model)
    assert not kept.state


@given(st.lists(st.tuples(names, st.integers(-2, 2)), max_size=60))
def test_a_tally_counts_and_forgets_what_is_zero(steps):
    kept, model = Kept(), Counter()
    for name, count in steps:
        kept(lambda records, name=name, count=count: Tally(records, "tally").add(name, count))
        model[name] += count
    assert {name: kept(lambda records, name=name: Tally(records, "tally").of(name)) for name in "abcde"} == {
        name: model[name] for name in "abcde"
    }
    assert len(kept.state) == sum(count != 0 for count in model.values())


def test_a_step_touches_few_records_however_many_there_are():
    kept, most = Kept(), {}
    for number in range(3_000):
        for name, put in {
            "log": lambda records, n=number: Log(records, "log").append({"n": n}),
            "queue": lambda records, n=number: Queue(records, "queue").put(Due(f"{3_000 - n:05d}", "x")),
            "table": lambda records, n=number: Table(records, "table").put(f"{n}"),
        }.items():
            kept(put)
            most[name] = max(most.get(name, 0), kept.touched)
    assert most == {"log": 2, "queue": 13, "table": 3}
    assert max(map(len, kept.state.values())) < 100 < MOST_BYTES
    kept(lambda records: Queue(records, "queue").drop_first())
    assert kept.touched <= 14
