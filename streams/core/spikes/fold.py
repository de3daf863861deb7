"""Folds the entries of one journal partition with the detectors, and keeps the detectors' state in the state of a lane.

Keys: ``<agency>/spikes/<part>`` next to the agency's counts (``days.v1``), ``network/<part>`` (``network.v1``); ``MARK`` has the version of
the detectors that wrote them. State of another version is never used: it is rebuilt from the journal (``streams/relearn.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mekong.schemas.alerts import Alert
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import OF_NO_COUNT, Entry
from mekong.streams.core.spikes.agency import AgencyDetectors
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.spikes.network.detectors import NetworkDetectors
from mekong.streams.core.spikes.rules import DEFAULT, Rules
from mekong.streams.core.spikes.store import FORMAT, Get

VERSION = 3
"""The version of the detectors' state. Raise it when this code cannot continue with older state."""
MARK = b"@detectors"
_OURS = "spikes/"
_NETWORK = "network/"


class PartitionDetectors:
    """The detectors of the agencies whose entries arrive. Call ``take`` for each entry in order, then ``flush``."""

    def __init__(self, draft: Draft, rules: Rules = DEFAULT) -> None:
        self._draft, self._rules = draft, rules
        self._watches: dict[str, AgencyDetectors] = {}

    def take(self, entry: Entry) -> list[Alert]:
        """The alerts that one entry raises in its own agency's series."""
        if entry.value["kind"] in OF_NO_COUNT:
            return []
        agency = entry.value["agency"]
        watch = self._watches.get(agency)
        if watch is None:
            watch = self._watches[agency] = AgencyDetectors.from_stored(agency, _reader(self._draft, f"{agency}/{_OURS}"), self._rules)
        return [alert.model_copy(update={"journal_offset": entry.offset}) for alert in watch.take(entry.value)]

    def flush(self) -> None:
        """Write the changed parts into the draft."""
        for agency, watch in self._watches.items():
            _keep(self._draft, f"{agency}/{_OURS}", watch.stored())


def fold_agencies(draft: Draft, entries: Iterable[Entry], rules: Rules = DEFAULT) -> Iterator[Alert]:
    """Fold entries in order; yields the alerts of each."""
    watching = PartitionDetectors(draft, rules)
    for entry in entries:
        yield from watching.take(entry)
    watching.flush()


def fold_network(draft: Draft, entries: Iterable[Entry], partition: int, expected: Expected, rules: Rules = DEFAULT) -> Iterator[Alert]:
    """Fold entries of one partition in order; yields the alerts of each day that is over for all agencies."""
    network = NetworkDetectors.from_stored(_reader(draft, _NETWORK), rules, expected)
    for _, entry in entries:
        yield from network.take(entry, partition)
    _keep(draft, _NETWORK, network.stored())


def is_current(state: Mapping[bytes, bytes]) -> bool:
    """Whether detectors of this version wrote the state."""
    return state.get(MARK) == b"%d" % VERSION


def is_detectors(key: bytes) -> bool:
    """Whether a key of a lane's state belongs to the detectors."""
    return key == MARK or b"/spikes/" in key or key.startswith(_NETWORK.encode())


def _reader(draft: Draft, prefix: str) -> Get:
    return lambda name: draft.get(f"{prefix}{name}".encode())


def _keep(draft: Draft, prefix: str, changed: Mapping[str, Any | None]) -> None:
    if draft.raw(MARK) is None:
        draft.put_raw(MARK, b"%d" % VERSION)
    for name, value in changed.items():
        key = f"{prefix}{name}".encode()
        if value is None:
            draft.drop(key)
        else:
            draft.put(key, {"f": FORMAT} | value)
