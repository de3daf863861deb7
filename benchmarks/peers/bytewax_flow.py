"""The work on Bytewax: its Kafka source, ``stateful_batch`` with the core by agency, its Kafka sink.

The state is a dict for each source; a snapshot is the whole of it, which Bytewax takes at the end of an epoch (10 s) and, with
``--recovery``, stores in SQLite with the positions of the sources.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import bytewax.operators as op
from bytewax._bytewax import cli_main
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir

from benchmarks.peers.work import Incoming, Work, asked

EPOCH = timedelta(seconds=10)


class Folding(op.StatefulBatchLogic):
    """The core as a stateful step of one key."""

    def __init__(self, work: Work, resumed: dict[bytes, bytes] | None) -> None:
        self.fold, self.state = work.fold, resumed or {}

    def on_batch(self, values: list[Any]) -> tuple[list[Any], bool]:
        """Records of one key."""
        topic = values[0].topic
        changes: dict[bytes, bytes | None] = {}
        records = [Incoming(value.offset, value.timestamp[1], value.value, value.headers) for value in values]
        out = [KafkaSinkMessage(out.key, out.value, out.topic) for out in self.fold(self.state, changes, topic, records)]
        self.state.update(changes)
        return out, self.RETAIN

    def snapshot(self) -> dict[bytes, bytes]:
        """The state as it is now."""
        return dict(self.state)


def by_topic(batch: list[Any]) -> list[tuple[str, Any]]:
    """One key a source."""
    return [(message.topic, message) for message in batch]


def by_partition(batch: list[Any]) -> list[tuple[str, Any]]:
    """One key a partition of the journal: an agency is in one."""
    return [(str(message.partition), message) for message in batch]


def main() -> None:
    """Run until stopped."""
    found = asked("--recovery")
    flow = Dataflow(found.work.name)
    messages = op.input("in", flow, KafkaSource([found.bootstrap], list(found.work.sources), batch_size=1_000))
    keyed = op.flat_map_batch("key", messages, by_topic if found.work.name == "intake" else by_partition)
    folded = op.stateful_batch("fold", keyed, lambda resumed: Folding(found.work, resumed))
    written = op.flat_map_batch("value", folded, lambda batch: [value for _, value in batch])
    op.output("out", written, KafkaSink([found.bootstrap], None, {"linger.ms": "5", "queue.buffering.max.messages": "1000000"}))
    recovery = None
    if found.options.recovery:
        init_db_dir(found.folder, 1)
        recovery = RecoveryConfig(found.folder)
    cli_main(flow, epoch_interval=EPOCH, recovery_config=recovery)


if __name__ == "__main__":
    main()
