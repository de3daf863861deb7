"""Entries of one journal partition in; the detectors' alerts and their state, in the state of a lane, out.

Keys: ``<agency>/spikes/<part>`` beside the agency's counts (``days.v1``), ``network/<part>`` (``network.v1``); ``MARK`` says which version
of the detectors wrote them. State of another version is never read: it is learnt again from the journal (``streams/relearn.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.alerts import Alert
from streams.core.draft import Draft
from streams.core.journal import Entry
from streams.core.spikes.clocks import Expected
from streams.core.spikes.desk import FORMAT, Get
from streams.core.spikes.network import Network
from streams.core.spikes.rules import DEFAULT, Rules
from streams.core.spikes.watch import Watch

VERSION = 2
"""Of the detectors' state: raise it when older state cannot be gone on with."""
MARK = b"@detectors"
_OURS = "spikes/"
_NETWORK = "network/"


class Watching:
    """The detectors over the agencies whose entries come. ``take`` entries in order, then ``flush``."""

    def __init__(self, draft: Draft, rules: Rules = DEFAULT) -> None:
        self._draft, self._rules = draft, rules
        self._watches: dict[str, Watch] = {}

    def take(self, entry: Entry) -> list[Alert]:
        """What one entry raises among its own agency's series."""
        agency = entry.value["agency"]
        watch = self._watches.get(agency)
        if watch is None:
            watch = self._watches[agency] = Watch.from_stored(agency, _reader(self._draft, f"{agency}/{_OURS}"), self._rules)
        return [alert.model_copy(update={"journal_offset": entry.offset}) for alert in watch.take(entry.value)]

    def flush(self) -> None:
        """Put what changed into the draft."""
        for agency, watch in self._watches.items():
            _keep(self._draft, f"{agency}/{_OURS}", watch.stored())


def fold_agencies(draft: Draft, entries: Iterable[Entry], rules: Rules = DEFAULT) -> Iterator[Alert]:
    """Take entries in order; yields what each raises."""
    watching = Watching(draft, rules)
    for entry in entries:
        yield from watching.take(entry)
    watching.flush()


def fold_network(draft: Draft, entries: Iterable[Entry], partition: int, expected: Expected, rules: Rules = DEFAULT) -> Iterator[Alert]:
    """Take entries of one partition in order; yields what a day raises that is over for all agencies."""
    network = Network.from_stored(_reader(draft, _NETWORK), rules, expected)
    for _, entry in entries:
        yield from network.take(entry, partition)
    _keep(draft, _NETWORK, network.stored())


def is_current(state: Mapping[bytes, bytes]) -> bool:
    """Whether detectors of this version wrote the state."""
    return state.get(MARK) == b"%d" % VERSION


def is_detectors(key: bytes) -> bool:
    """Whether a key of a lane's state is theirs."""
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
