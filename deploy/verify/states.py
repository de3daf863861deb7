"""Finds the largest value of each state topic, and how much share holds back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mekong.deploy.verify.log import Log
from mekong.deploy.verify.report import Check
from mekong.schemas.topics import CASES, DAYS, NETWORK, NOTICES, SHARE

MOST_BYTES = 262_144
"""The largest value that is right. A state is many small records. A larger value grows with something, and its topic refuses it later."""
_STATES = (CASES, DAYS, NETWORK, SHARE, NOTICES)
_LARGE = MOST_BYTES // 4
_HELD = b"held/"


class State:
    """Reads one state topic record by record. It remembers only the large ones of a million keys."""

    def __init__(self) -> None:
        self.most = 0
        self.large: dict[bytes, int] = {}
        self.held: set[bytes] = set()

    def see(self, record: Any) -> bool:
        """Look at one record. The reader need not keep it."""
        key, size = record.key or b"", len(record.value or b"")
        self.most = max(self.most, size)
        if size > _LARGE:
            self.large[key] = size
        else:
            self.large.pop(key, None)
        if key.startswith(_HELD):
            (self.held.add if record.value is not None else self.held.discard)(key)
        return False

    @property
    def largest(self) -> int:
        """Bytes of the largest value there is, or at most so many where none is large."""
        return max(self.large.values(), default=min(self.most, _LARGE))


def check_states(log: Log, topics: Iterable[str]) -> tuple[Check, list[str]]:
    """Check every state topic. Returns the check and the notes about the topics."""
    check, notes = Check("states small", f"no value of a worker's state is larger than {MOST_BYTES:,} bytes"), []
    for topic in (state.name for state in _STATES if state.name in set(topics)):
        state = State()
        log.read(log.ends([topic]), state.see)
        check.expected, check.found = check.expected + 1, check.found + 1
        for key, size in sorted(state.large.items()):
            if size > MOST_BYTES:
                check.different += 1
                check.say(f"{topic}: {key.decode(errors='replace')[:80]} has {size:,} bytes")
        notes.append(f"{topic}: the largest value has {state.largest:,} bytes")
        if state.held:
            notes.append(f"{len(state.held):,} alerts wait in share for the journal, or for a day that is over for every member")
    return check, notes
