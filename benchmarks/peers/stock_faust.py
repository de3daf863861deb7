"""The work on Faust as it comes: an agent, a table with a changelog topic, sends awaited into the producer's buffer."""

from __future__ import annotations

import sys
from typing import Any

import faust

from benchmarks.peers.work import Incoming, asked
from mekong.schemas.topics import LANES


class Stored:
    """Faust's table as the mapping that the core reads."""

    def __init__(self, table: faust.Table) -> None:
        self.table = table

    def get(self, key: bytes) -> bytes | None:
        """The stored value, or None."""
        found: bytes | None = self.table.get(key)
        return found


def main() -> None:
    """Run until stopped."""
    found = asked()
    work = found.work
    app = faust.App(
        f"faust-{work.name}",
        broker=f"aiokafka://{found.bootstrap}",
        datadir=str(found.folder),
        store="memory://",
        web_enabled=False,
        topic_partitions=1 if work.name == "intake" else LANES,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        producer_linger=0.02,
        stream_wait_empty=False,
    )
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    outputs = {name: app.topic(name, **raw) for name in work.outputs}
    table = app.Table("state", partitions=1 if work.name == "intake" else LANES, key_type=bytes, value_type=bytes)
    stored = Stored(table)

    @app.agent(app.topic(*work.sources, **raw))
    async def agent(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            changes: dict[bytes, bytes | None] = {}
            record = Incoming(message.offset, int(message.timestamp * 1000), event.value, list(message.headers or ()))
            for out in work.fold(stored, changes, message.topic, [record]):
                await outputs[out.topic].send(key=out.key, value=out.value)
            for key, value in changes.items():
                table[key] = value

    sys.argv = [sys.argv[0], "worker", "--loglevel", "warn"]
    app.main()


if __name__ == "__main__":
    main()
