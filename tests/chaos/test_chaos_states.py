"""Which rare state is reached by what passes the proxy, and by what the workers write."""

from __future__ import annotations

import pytest
from chaos_faults import Fault
from chaos_protocol import Request
from chaos_states import (
    FENCED,
    IN_NEXT,
    INSERT,
    LATE,
    OPENING,
    PUT_OUT,
    RARE,
    REBALANCE,
    RECORDER,
    REOPENED,
    SENDER,
    TORN,
    TWICE,
    UNANSWERED,
    States,
    never,
    table,
)

LANE, NOTIFIER = "intake-3", "mekong-notify"


def asked(api: str, who: str = LANE, correlation: int = 1) -> Request:
    return Request(api, 0, correlation, "client", who)


class Story:
    """What passes, told in a line each."""

    def __init__(self) -> None:
        self.states = States(lambda _: None)

    def opened(self, *, is_heard: bool = True) -> None:
        self.states.answered(asked("InitProducerId"), 0, is_heard=is_heard)

    def added(self) -> None:
        self.states.passed(asked("AddPartitionsToTxn"), is_late=False, is_again=False)

    def end_is_kept(self) -> None:
        self.states.met(Fault("late", "EndTxn"), asked("EndTxn"))
        self.states.gave_up(asked("EndTxn"))

    def end_arrives(self) -> None:
        self.states.passed(asked("EndTxn"), is_late=True, is_again=False)

    def reached(self) -> set[str]:
        return {state for state in RARE if self.states.reached[state]}


@pytest.mark.parametrize(
    ("steps", "reached"),
    [
        pytest.param(["opened", "added", "end_is_kept"], {UNANSWERED}, id="nothing after it"),
        pytest.param(["opened", "added", "end_is_kept", "end_arrives"], {UNANSWERED}, id="late, and not opened again"),
        pytest.param(["opened", "added", "end_is_kept", "opened", "end_arrives"], {UNANSWERED, LATE}, id="opened again"),
        pytest.param(["opened", "added", "end_is_kept", "opened", "added", "end_arrives"], {UNANSWERED, LATE, IN_NEXT}, id="amid the next"),
    ],
)
def test_a_late_end_counts_by_what_its_lane_did_meanwhile(steps, reached):
    story = Story()
    for step in steps:
        getattr(story, step)()
    assert story.reached() == reached


def test_each_answer_counts_by_what_it_says_and_whether_it_is_heard():
    story = Story()
    story.opened(is_heard=False)
    story.states.answered(asked("EndTxn"), 47, is_heard=False)
    story.states.answered(asked("Heartbeat", "intake"), 0, is_heard=True)
    assert story.reached() == {OPENING}
    story.states.answered(asked("EndTxn"), 47, is_heard=True)
    story.states.answered(asked("Heartbeat", "intake"), 25, is_heard=True)
    assert story.reached() == {OPENING, FENCED, PUT_OUT}


def test_a_rebalance_counts_only_while_a_transaction_of_its_group_is_open():
    story = Story()
    story.added()
    story.states.passed(asked("JoinGroup", "watch"), is_late=False, is_again=False)
    assert not story.reached()
    story.states.passed(asked("JoinGroup", "intake"), is_late=False, is_again=False)
    assert story.reached() == {REBALANCE}


def test_the_notifier_and_the_senders_count_by_themselves():
    story = Story()
    story.states.gave_up(asked("EndTxn", NOTIFIER))
    story.states.gave_up(asked("Produce", ""))
    story.states.passed(asked("Produce", ""), is_late=False, is_again=True)
    story.states.met(Fault("torn", "Fetch"), asked("Fetch", ""))
    assert story.reached() == {RECORDER, SENDER, TWICE, TORN}


def test_a_run_counts_what_the_workers_wrote_and_inserts_whose_answer_was_lost(tmp_path):
    line = "WARNING lane 3 of intake: Kafka did not say how a transaction ended: opening it again\n"
    (tmp_path / "intake.log").write_text(f"{line}2026 INFO something else\n{line}")
    reached = Story().states.of_run(tmp_path, {"answer": 2, "deaf": 1, "body": 5})
    assert (reached[REOPENED], reached[INSERT]) == (2, 3)


def test_the_table_has_every_rare_state_and_names_those_never_reached():
    reached = dict.fromkeys(RARE[1:], 2)
    assert table(reached)[0] == f"      0  {RARE[0]}"
    assert len(table(reached)) == len(RARE)
    assert never(reached) == [RARE[0]]
