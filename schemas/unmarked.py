"""Decides how to end a transaction that the broker left without a marker (KAFKA-20734), from what its coordinator reports.

Every transactional writer follows the same rule. First it asks how the last transaction of its id was decided. Then it opens the
producer, which makes the coordinator forget that decision. A transaction that is still open then is ended as it was decided. Lanes do
it with aiokafka (streams/unmarked.py). The notifier's recorder and the registry do it with kafka-python (sinks/unmarked.py).
"""

from __future__ import annotations

from mekong.schemas.errors import Fatal

_COMMITTED = frozenset({"PrepareCommit", "CompleteCommit"})


def is_committed(state: str) -> bool:
    """Whether a transaction in this state was committed. Its marker may be missing, but the decision does not change."""
    return state in _COMMITTED


def left(topic: str, partitions: int, *, commit: bool) -> str:
    """The sentence for the log."""
    done = "committed" if commit else "given up"
    return f"{topic}: a transaction was left without its marker: it is {done}, in {partitions} partitions"


def stays_open(topic: str, partition: int) -> Fatal:
    """The error that is raised when the marker does not arrive."""
    return Fatal(f"{topic}/{partition}: a transaction is open that its writer cannot end")
