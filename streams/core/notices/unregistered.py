"""Keeps messages to agencies that are not registered yet. Each message is kept once, however many agencies it is for, and not for ever.

``kept/<event_id>/<version>`` -> the message; ``waiting-for/<event_id>/<version>`` -> the agencies that it is for;
``waiting/<agency>`` (a log) -> the names of the messages for it; ``waiting-until`` (a queue) -> all waiting messages, by the end of their
wait.

Whether a message still waited when an agency was registered depends on how far that agency's partition was read at this moment. So it
does not depend on how partitions are interleaved. A message is removed when all partitions that have entries were read to a day after
the end of its wait.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mekong.schemas import wire
from mekong.schemas.times import to_text
from mekong.streams.core.collections import Due, Log, Queue
from mekong.streams.core.draft import NEWEST, Draft, Named
from mekong.streams.core.waiting import waits_until

_MARGIN = timedelta(days=1)
"""Extra time: while a lane is open, a partition may get its first entry, and this entry may be a little later than those of others."""
_FRONTS = b"fronts"


class Fronts:
    """How far each partition of the journal was read: the latest ``received_at`` in it."""

    def __init__(self, draft: Draft, partition: int) -> None:
        self._draft, self._here = draft, str(partition)
        stored = draft.get(_FRONTS)
        self._by: dict[str, str] = stored["by"] if stored else {}

    @property
    def here(self) -> str:
        """How far the current partition was read."""
        return self._by.get(self._here, "")

    def reach(self, received_at: str) -> None:
        """Note that an entry of this partition was read."""
        self._by[self._here] = max(received_at, self.here)

    def least(self, partitions: Collection[int]) -> str:
        """The time up to which all of ``partitions`` and all other known partitions were read; empty while one was not read yet."""
        return min((self._by.get(name, "") for name in {*self._by, *map(str, partitions)}), default="")

    def save(self) -> None:
        """Write the times to the state."""
        if self._by:
            self._draft.put(_FRONTS, {"f": NEWEST, "by": dict(sorted(self._by.items()))})


def hold(draft: Draft, agency: str, entry: Mapping[str, Any], raw: bytes) -> None:
    """Let a message wait for an agency."""
    name, records = f"{entry['event_id']}/{entry['version']}", Named(draft)
    found = records.get(f"waiting-for/{name}")
    if found is None:
        found = {"to": []}
        draft.put_raw(f"kept/{name}".encode(), wire.compact(raw))
        Queue(records, "waiting-until").put(Due(until(entry), name))
    records.put(f"waiting-for/{name}", {**found, "to": [*found["to"], agency]})
    Log(records, f"waiting/{agency}").append({"of": name})


def until(entry: Mapping[str, Any]) -> str:
    """The end of a message's wait."""
    by = entry["content"].get("feedback_by")
    return to_text(waits_until(datetime.fromisoformat(entry["received_at"]), datetime.fromisoformat(by) if by else None))


def take(draft: Draft, agency: str) -> Iterator[bytes]:
    """Remove the messages that wait for an agency and yield them, in the order of arrival."""
    records = Named(draft)
    for name in [entry["of"] for entry in Log(records, f"waiting/{agency}").take()]:
        found = records.get(f"waiting-for/{name}")
        if found is None:
            continue
        raw = draft.raw(f"kept/{name}".encode())
        assert raw is not None  # noqa: S101 - it was put when it began to wait
        yield raw
        others = [one for one in found["to"] if one != agency]
        if others:
            records.put(f"waiting-for/{name}", {**found, "to": others})
        else:
            _forget(draft, name)


def expire(draft: Draft, front: str) -> None:
    """Remove the messages whose wait is over. All partitions were read up to ``front``."""
    records = Named(draft)
    queue = Queue(records, "waiting-until")
    while front and (first := queue.first()) is not None and _over(first.at) <= front:
        queue.drop_first()
        found = records.get(f"waiting-for/{first.what}")
        if found is None:
            continue  # all agencies that it waited for have it
        _forget(draft, first.what)
        for agency in found["to"]:
            log = Log(records, f"waiting/{agency}")
            while (oldest := log.first()) is not None and records.get(f"waiting-for/{oldest['of']}") is None:
                log.drop_first()


def _over(end: str) -> str:
    return to_text(datetime.fromisoformat(end) + _MARGIN)


def _forget(draft: Draft, name: str) -> None:
    draft.drop(f"kept/{name}".encode())
    draft.drop(f"waiting-for/{name}".encode())
