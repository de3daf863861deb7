"""Every order in which messages of a lane can arrive, within small bounds: which rules keep a journal exact, and which do not."""

from __future__ import annotations

import pytest

from tests.property.lane_model import Rules, explore

HOLDS = [
    pytest.param(Rules(timeouts=2, crashes=1), id="two unanswered, one killed"),
    pytest.param(Rules(timeouts=1, crashes=2), id="one unanswered, two killed"),
    pytest.param(Rules(timeouts=2, crashes=0, aborts=1), id="given up, two unanswered"),
    pytest.param(Rules(timeouts=1, crashes=1, aborts=1), id="given up, one unanswered, one killed"),
    pytest.param(Rules(timeouts=1, crashes=1, expiries=1), id="out of time, one unanswered, one killed"),
    pytest.param(Rules(timeouts=1, crashes=0, moves=1), id="moved to the other worker, one unanswered"),
    pytest.param(Rules(timeouts=0, crashes=1, moves=1), id="moved to the other worker, one killed"),
    pytest.param(Rules(timeouts=0, crashes=0, moves=2), id="moved there and back"),
]
AGAIN = "it asks again in the same epoch"


@pytest.mark.parametrize("rules", HOLDS)
def test_a_lane_that_ends_when_an_end_is_not_answered_is_exact_however_late_any_message_comes_and_is_never_stuck(rules):
    states, bad, way = explore(rules)
    assert not bad, "\n".join([bad, *way])
    assert states > 500


def test_a_commit_that_is_asked_for_again_in_the_same_epoch_can_commit_half_of_the_next_transaction():
    _, bad, way = explore(Rules(asks_again_for=("commit",), crashes=0))
    assert bad == "the journal is of runs (0, 1), the position says 1 are done"
    assert way == [
        "worker 0 opens the lane",
        "InitProducerId, opening 1 of worker 0 arrives: epoch 1",
        "AddPartitions out+state, run 0, epoch 1 of worker 0 arrives: done",
        "Produce to out, run 0, epoch 1 of worker 0 arrives: done",
        "Produce to state, run 0, epoch 1 of worker 0 arrives: done",
        f"worker 0 has no answer to EndTxn (commit), run 0, epoch 1: {AGAIN}",
        "EndTxn (commit), run 0, epoch 1 of worker 0 arrives: done",
        "AddPartitions out+state, run 1, epoch 1 of worker 0 arrives: done",
        "Produce to out, run 1, epoch 1 of worker 0 arrives: done",
        "EndTxn (commit), run 0, epoch 1 of worker 0 arrives late: done",
    ]


def test_an_abort_that_is_asked_for_again_in_the_same_epoch_can_abort_half_of_the_next_transaction_and_lose_a_run():
    _, bad, _ = explore(Rules(asks_again_for=("abort",), crashes=0, aborts=1))
    assert bad == "the journal is of runs (), the position says 1 are done"


def test_without_asking_the_group_a_worker_that_lost_its_lane_and_the_new_owner_fence_each_other_off():
    _, bad, _ = explore(Rules(asks_group=False, timeouts=0, crashes=0, moves=1))
    assert bad.endswith("the workers fence each other off")
