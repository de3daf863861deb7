"""A stack that nobody beats any more in; nothing on its way out: every worker has read its topics, every webhook has had its answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from chaos_stack import Trouble
from kafka import KafkaConsumer, TopicPartition

WORKERS: Mapping[str, tuple[str, ...]] = {
    "intake": ("in.",),
    "watch": ("journal.",),
    "network": ("journal.",),
    "share": ("journal.", "alerts.v1"),
    "notify": ("alerts.", "subscriptions.", "answers."),
}
"""Consumer group -> what the names of its topics begin with; in the order of the flow."""
NOT_READ = {"notify": {"alerts.v1"}}
WITHIN_S = 600.0
AGAIN_S = 0.5


class Rest:
    """Waits, and calls ``look`` all the while: what is kept running by hand needs it."""

    def __init__(self, bootstrap: str, look: Callable[[], None], within_s: float = WITHIN_S) -> None:
        self._bootstrap, self._look, self._within_s = bootstrap, look, within_s

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds. Raises Trouble."""
        deadline = time.monotonic() + self._within_s
        while not holds():
            if time.monotonic() > deadline:
                raise Trouble(f"not within {self._within_s:.0f} s: {what}")
            self._look()
            time.sleep(AGAIN_S)

    def until_read(self, *workers: str) -> None:
        """Wait until these have read all there is for them. What is before them in the flow must be at rest."""
        for worker in workers:
            group, reader = self._consumer(group_id=worker), self._consumer()
            try:
                self.until(partial(_has_read, worker, group, reader), f"{worker} has read everything")
            finally:
                group.close(autocommit=False)
                reader.close()

    def records(self, topic: str) -> list[dict[str, Any]]:
        """What is on a topic of one partition."""
        reader, place = self._consumer(), TopicPartition(topic, 0)
        try:
            reader.assign([place])
            reader.seek_to_beginning(place)
            end, found = reader.end_offsets([place])[place], []
            while reader.position(place) < end:
                found += [json.loads(one.value) for records in reader.poll(500, max_records=10_000).values() for one in records]
            return found
        finally:
            reader.close()

    def _consumer(self, **more: Any) -> Any:
        return KafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **more,
        )


def _has_read(worker: str, group: Any, reader: Any) -> bool:
    """Whether no record is behind what the group has committed. Transaction markers take offsets too, so ends do not say it."""
    topics = [topic for topic in reader.topics() if topic.startswith(WORKERS[worker]) and topic not in NOT_READ.get(worker, ())]
    places = [TopicPartition(topic, partition) for topic in topics for partition in reader.partitions_for_topic(topic) or ()]
    ends, at = reader.end_offsets(places), {place: group.committed(place) or 0 for place in places}
    left = [place for place in places if at[place] < ends[place]]
    reader.assign(left)
    for place in left:
        reader.seek(place, at[place])
    while any(reader.position(place) < ends[place] for place in left):
        if reader.poll(200):
            return False
    return True
