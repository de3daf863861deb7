"""Builds the Faust app of an agent and runs it in lanes.

Only this module, consumer.py, reader.py and member.py depend on Faust.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from ssl import create_default_context
from typing import Any, NamedTuple

import faust
import mode
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.types import TP

from mekong.schemas.condition import CONDITION
from mekong.schemas.connect import login
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.schemas.topics import CONTROL
from mekong.schemas.topics import Topic as Described
from mekong.streams import figures
from mekong.streams.admin import topics_of
from mekong.streams.bootstrap import is_shared
from mekong.streams.consumer import Transport
from mekong.streams.ending import end_at_last
from mekong.streams.evidence import IsIts, has_published
from mekong.streams.lanes import Fold, Lane
from mekong.streams.parking import Parking

log = logging.getLogger(__name__)

FETCH_BYTES = 1_048_576  # of a partition at once: with many agencies this is most of a worker's memory
POLL_RECORDS = 5_000
GC_THRESHOLDS = 100_000, 20, 50  # a fold makes many short-lived containers and no cycles: Python's defaults cost 15 % of its time
REQUEST_S = 60.0
STUCK_S = 1_000.0  # a worker that asks for no records during this time leaves its group
LOOK_FOR_TOPICS_S = 15  # a new agency is picked up within a minute


Opened = Callable[[Lane, Mapping[str, Any]], Awaitable[None]]
"""(lane, options of the broker client): called when the lane was opened, before it folds its first record."""


OutputPartitions = Callable[[int, Mapping[str, Any]], Awaitable[Iterable[TopicPartition]]]
"""(number of a lane, options of the broker client) -> the partitions of its outputs. They show whether a lane without state ever ran."""


class Plan(NamedTuple):
    """What one agent needs from the program that runs it."""

    name: str
    """Also the consumer group, and the beginning of its transactional ids."""
    is_source: Callable[[str], bool]
    lane_of: Callable[[TopicPartition], int]
    state: str
    """The state topic; its partition n belongs to lane n."""
    fold: Fold
    opened: Opened | None = None
    outputs: OutputPartitions | None = None
    is_its: IsIts | None = None
    """Which records of the partitions in ``outputs`` this agent wrote; None: all records."""
    parking: Parking | None = None
    """How an agency's topic that cannot be read is parked. Without it, the agent refuses to start on such a source."""


class Topic(faust.Topic):  # type: ignore[misc]
    """Passes a run on as it is. The fold decodes the records."""

    async def decode(self, message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG002 - Faust's signature
        """An event whose value is the run."""
        return self._create_event(None, message.value, headers=None, message=message)


class App(faust.App):  # type: ignore[misc]
    """Knows the lane of each source and the partition of that lane's state."""

    def __init__(self, *args: Any, plan: Plan, sources: frozenset[str], connection: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, Topic=Topic, **kwargs)
        self.plan, self.sources, self.connection = plan, sources, connection

    def number_of(self, tp: TP) -> int:
        """The lane a source partition is in."""
        return self.plan.lane_of(TopicPartition(tp.topic, tp.partition))

    async def open_lane(self, number: int) -> Lane:
        """A lane, ready for its first record. Raises Refused when a rebuild of the lane ended half-way, or when its state was lost."""
        lane = await Lane(number, TopicPartition(self.plan.state, number), f"{self.plan.name}-{number}", self.connection).open()
        try:
            await self._check(lane)
            if self.plan.opened is not None:
                await self.plan.opened(lane, self.connection)
        except BaseException:
            await lane.close()
            raise
        return lane

    async def _check(self, lane: Lane) -> None:
        if lane.is_half():
            raise Refused(f"{lane.name}: its state was replaced only in part. Run `mekong rebuild {self.plan.name}` again.")
        if not lane.positions and await self._has_published(lane.number):
            raise Refused(f"{lane.name}: it has outputs and has no state: state was lost. Run `mekong rebuild {self.plan.name}`.")

    async def _has_published(self, number: int) -> bool:
        plan, options = self.plan, self.connection
        return plan.outputs is not None and await has_published(await plan.outputs(number, options), plan.is_its, options)

    async def follow(self, sources: frozenset[str]) -> None:
        """Read these sources from now on. Reading of the sources that are read already continues."""
        log.info("%s follows %d sources instead of %d", self.plan.name, len(sources), len(self.sources))
        self.sources = sources
        for topic in self.topics:
            topic.topics = sorted(sources)
        await self.consumer.follow(sources)

    def say_ready(self) -> None:
        """Log that all lanes of the assignment are open."""
        log.info("%s ready: %d sources", self.plan.name, len(self.sources))

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)


def connection(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of aiokafka's clients. Raises Refused as ``kafka_options`` does."""
    is_shared()
    options: dict[str, Any] = {"bootstrap_servers": settings.bootstrap(), "security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = create_default_context(cafile=settings.cafile())
    return options | login(settings)


def partitions_of(*topics: Described) -> OutputPartitions:
    """The lane's own partition of each of these topics."""

    async def outputs(number: int, _: Mapping[str, Any]) -> list[TopicPartition]:
        return [TopicPartition(topic.name, number % topic.partitions) for topic in topics]

    return outputs


async def sources_of(is_source: Callable[[str], bool], options: Mapping[str, Any]) -> frozenset[str]:
    """The source topics that exist now."""
    return frozenset(filter(is_source, await topics_of(options)))


def wait_for_sources(plan: Plan, settings: Settings) -> frozenset[str]:
    """Wait until the plan has a source topic other than ``control``, and return its source topics."""

    async def wait() -> frozenset[str]:
        found = await sources_of(plan.is_source, connection(settings))
        if not found - {CONTROL.name}:
            log.info("%s ready: waiting for a source", plan.name)
            CONDITION.report(plan.name)  # it can do all that there is to do
        while not found - {CONTROL.name}:
            await asyncio.sleep(1)
            found = await sources_of(plan.is_source, connection(settings))
        return found

    return asyncio.run(wait())


_OF_EVERY_APP: Mapping[str, Any] = {
    "agent_supervisor": mode.CrashingSupervisor,
    "web_enabled": False,
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "table_standby_replicas": 0,
    "key_serializer": "raw",
    "value_serializer": "raw",
    "consumer_auto_offset_reset": "earliest",
    "consumer_max_fetch_size": FETCH_BYTES,
    "broker_max_poll_records": POLL_RECORDS,
    "broker_commit_interval": 1.0,
    "broker_session_timeout": 10.0,
    "broker_rebalance_timeout": 10.0,
    "broker_heartbeat_interval": 1.0,
    "broker_max_poll_interval": STUCK_S,
    "broker_request_timeout": REQUEST_S,
}
"""Faust's settings of every agent."""


def build(plan: Plan, settings: Settings, sources: frozenset[str]) -> App:
    """The app of one agent that reads ``sources``. The app looks for new sources while it runs."""
    options = connection(settings)
    folder = settings.home / "faust" / plan.name  # Faust needs a folder for its tables; this app has no tables
    folder.mkdir(parents=True, exist_ok=True)
    broker = [f"aiokafka://{address}" for address in settings.bootstrap().split(",")]
    where = {"broker": broker, "broker_credentials": _credentials(options), "datadir": str(folder)}
    app = App(plan.name, plan=plan, sources=sources, connection=options, **where, **_OF_EVERY_APP)

    @app.agent(app.topic(*sorted(sources), key_type=bytes, value_type=bytes), name=plan.name)  # type: ignore[untyped-decorator]
    async def agent(stream: Any) -> None:
        async for event in stream.noack().events():
            await app.consumer.offer(event, plan.fold)

    @app.task  # type: ignore[untyped-decorator]
    async def follow_topics() -> None:
        while not app.should_stop:
            await asyncio.sleep(LOOK_FOR_TOPICS_S)
            with suppress(KafkaError):  # the broker does not answer: ask again later
                now = frozenset(filter(plan.is_source, await app.consumer.topics()))
                if now not in (app.sources, frozenset()):
                    await app.follow(now)

    app.task(figures.keep)
    return app


def run(plan: Plan, settings: Settings) -> int:
    """Run a worker until SIGTERM or a failure, and return the exit code. The supervisor starts the worker again."""
    import uvloop  # noqa: PLC0415 - only a worker's loop

    gc.set_threshold(*GC_THRESHOLDS)
    sources = wait_for_sources(plan, settings)
    figures.starting(plan.name)
    uvloop.install()
    app = build(plan, settings, sources)
    worker = faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it would draw into the log
    threading.Thread(target=end_at_last, args=(worker,), name="end at last", daemon=True).start()
    try:
        worker.execute_from_commandline()
    except SystemExit as exc:
        return int(exc.code or 0)
    return 0


def _credentials(options: Mapping[str, Any]) -> Any:
    context = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            mechanism=options["sasl_mechanism"],
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context else None
