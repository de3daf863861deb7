"""Ending a transaction over kafka-python: a broker that does not answer is not waited for without an end; a topic in use is not stuck."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from kafka import TopicPartition
from kafka.producer.transaction_manager import TransactionalRequestResult

from mekong.sinks.transactions import OutcomeUnknown, end
from mekong.sinks.unmarked import _stuck

OWN, OTHER = TopicPartition("registry.v1", 0), TopicPartition("in.VN-CUSTOMS.v1", 0)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("commit", [True, False])
def test_an_end_that_is_not_answered_is_an_unknown_outcome(commit):
    manager = SimpleNamespace(begin_commit=TransactionalRequestResult, begin_abort=TransactionalRequestResult)
    producer = SimpleNamespace(_transaction_manager=manager, _sender=SimpleNamespace(wakeup=lambda: None))
    with pytest.raises(OutcomeUnknown, match="not answered"):
        end(producer, commit=commit, within_s=0.1)


class Log:
    """Ends of partitions, by how often they were asked for."""

    def __init__(self, moves: dict[TopicPartition, int], behind: int = 0) -> None:
        self._moves, self._behind, self._asked = moves, behind, 0

    def end_offsets(self, places):
        self._asked += 1
        return {place: 100 + self._moves[place] * self._asked - self._behind for place in places}


def test_a_topic_that_somebody_writes_to_is_not_stuck():
    assert _stuck(Log({OWN: 0, OTHER: 10}), Log({OWN: 0, OTHER: 10}, behind=-5), [OWN, OTHER]) == [OWN]
    assert _stuck(Log({OWN: 0, OTHER: 0}), Log({OWN: 0, OTHER: 10}, behind=-5), [OWN, OTHER]) == [OWN, OTHER]
    assert _stuck(Log({OWN: 0, OTHER: 0}), Log({OWN: 0, OTHER: 0}), [OWN, OTHER]) == []
