"""The work on Quix Streams: a dataframe a source, state by ``State.get_bytes`` and ``set_bytes``, outputs by ``to_topic``.

Its state is kept under the message's key. Ours is under the agency, because a content is looked for under another case number: so
every message of a source is given one key. Quix handles records one by one; so the core is called with one.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context
from quixstreams.models import Deserializer, Serializer

from benchmarks.peers.work import Fold, Incoming, Out, asked


class OneKey(Deserializer):
    """Every message of the source under one key of state."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        return b"all"


class ValueOf(Serializer):
    """The bytes of an ``Out``."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        return value.value


class Stored:
    """Quix's state as the mapping that the core reads."""

    def __init__(self, state: Any) -> None:
        self.get = state.get_bytes


def folding(fold: Fold) -> Any:
    """The core as a function of a dataframe."""

    def apply(value: bytes, _key: bytes, timestamp: int, headers: Any, state: Any) -> list[Out]:
        at = message_context()
        changes: dict[bytes, bytes | None] = {}
        out = list(fold(Stored(state), changes, at.topic, [Incoming(at.offset, timestamp, value, headers or [])]))
        for name, changed in changes.items():
            if changed is None:
                state.delete(name)
            else:
                state.set_bytes(name, changed)
        return out

    return apply


def main() -> None:
    """Run until stopped."""
    found = asked("--exactly-once")
    once = found.options.exactly_once
    app = Application(
        broker_address=found.bootstrap,
        consumer_group=f"quix-{found.work.name}{'-eos' if once else ''}",
        auto_offset_reset="earliest",
        state_dir=found.folder,
        loglevel="WARNING",
        processing_guarantee="exactly-once" if once else "at-least-once",
        commit_interval=1.0 if once else 5.0,
        producer_extra_config={"linger.ms": 20, "queue.buffering.max.messages": 1_000_000},
    )
    outputs = {name: app.topic(name, key_serializer="bytes", value_serializer=ValueOf()) for name in found.work.outputs}
    for source in found.work.sources:
        topic = app.topic(source, key_deserializer=OneKey(), value_deserializer="bytes")
        sdf = app.dataframe(topic).apply(folding(found.work.fold), stateful=True, metadata=True, expand=True)
        sdf.to_topic(lambda value, key, timestamp, headers: outputs[value.topic], key=lambda value: value.key)
    app.run()


if __name__ == "__main__":
    main()
