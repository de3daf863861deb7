"""Settings and an agent's needs in, a Faust app out that runs it in lanes. With consumer.py, the only place that builds on Faust."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from ssl import create_default_context
from typing import Any, NamedTuple

import faust
import mode
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from faust.types import TP

from schemas.errors import Refused
from schemas.settings import Settings
from streams.consumer import Transport
from streams.lanes import Fold, Lane

log = logging.getLogger(__name__)

FETCH_BYTES = 1_048_576  # of a partition at once: with many agencies this is most of a worker's memory
POLL_RECORDS = 5_000
GC_THRESHOLDS = 100_000, 20, 50  # a fold makes many short-lived containers and no cycles: Python's own take 15 % of its time
END_WITHIN_S = 10.0  # once it is told to stop, or has failed; less than a supervisor waits before it kills
OPEN_WITHIN_S = 600.0  # the lanes of an assignment: Faust gives that as long as a request, and is deaf afterwards
LOOK_FOR_TOPICS_S = 15  # a new agency is picked up within a minute: this, and a start


Opened = Callable[[Lane, Mapping[str, Any]], Awaitable[None]]
"""What to do with a lane that was opened, before its first record, knowing how to reach the broker."""


class Plan(NamedTuple):
    """What one agent needs of the outside."""

    name: str
    """Also the consumer group, and the beginning of its transactional ids."""
    is_source: Callable[[str], bool]
    lane_of: Callable[[TopicPartition], int]
    state: str
    """The state topic; its partition n is lane n's."""
    fold: Fold
    opened: Opened | None = None


class Topic(faust.Topic):  # type: ignore[misc]
    """Passes a run on as it is: the fold decodes."""

    async def decode(self, message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG002 - Faust's signature
        """An event whose value is the run."""
        return self._create_event(None, message.value, headers=None, message=message)


class App(faust.App):  # type: ignore[misc]
    """Knows which lane a source is in, and where that lane's state lives."""

    def __init__(self, *args: Any, plan: Plan, sources: frozenset[str], connection: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, Topic=Topic, **kwargs)
        self.plan, self.sources, self.connection = plan, sources, connection

    def number_of(self, tp: TP) -> int:
        """The lane a source partition is in."""
        return self.plan.lane_of(TopicPartition(tp.topic, tp.partition))

    async def open_lane(self, number: int) -> Lane:
        """A lane, ready for its first record. Raises Refused when a rebuild of it ended half-way."""
        lane = await Lane(number, TopicPartition(self.plan.state, number), f"{self.plan.name}-{number}", self.connection).open()
        if lane.is_half():
            raise Refused(f"{lane.name}: its state was put in place half-way. Run `mekong rebuild {self.plan.name}` again.")
        if self.plan.opened is not None:
            await self.plan.opened(lane, self.connection)
        return lane

    def on_rebalance_end(self) -> None:
        """Say so: the lanes of the assignment are open."""
        super().on_rebalance_end()
        log.info("%s ready: %d sources", self.plan.name, len(self.sources))

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)


def connection(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of aiokafka's clients."""
    options: dict[str, Any] = {"bootstrap_servers": settings.bootstrap(), "security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = create_default_context(cafile=settings.kafka_cafile)
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options


async def sources_of(is_source: Callable[[str], bool], options: Mapping[str, Any]) -> frozenset[str]:
    """The source topics that exist now."""
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    try:
        return frozenset(filter(is_source, await admin.list_topics()))
    finally:
        await admin.close()


def wait_for_sources(plan: Plan, settings: Settings) -> frozenset[str]:
    """The plan's source topics, as soon as there is one."""

    async def wait() -> frozenset[str]:
        found = await sources_of(plan.is_source, connection(settings))
        if not found:
            log.info("%s ready: waiting for a source", plan.name)
        while not found:
            await asyncio.sleep(1)
            found = await sources_of(plan.is_source, connection(settings))
        return found

    return asyncio.run(wait())


def build(plan: Plan, settings: Settings, sources: frozenset[str]) -> App:
    """The app of one agent over ``sources``. It ends when that set changes, and its supervisor starts it with the new one."""
    options = connection(settings)
    folder = settings.home / "faust" / plan.name  # Faust wants a folder for tables, which we do not have
    folder.mkdir(parents=True, exist_ok=True)
    app = App(
        plan.name,
        plan=plan,
        sources=sources,
        connection=options,
        broker=[f"aiokafka://{address}" for address in settings.bootstrap().split(",")],
        broker_credentials=_credentials(options),
        datadir=str(folder),
        agent_supervisor=mode.CrashingSupervisor,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=FETCH_BYTES,
        broker_max_poll_records=POLL_RECORDS,
        broker_commit_interval=1.0,
        broker_session_timeout=10.0,
        broker_rebalance_timeout=10.0,
        broker_heartbeat_interval=1.0,
        broker_request_timeout=OPEN_WITHIN_S,
    )

    @app.agent(app.topic(*sorted(sources), key_type=bytes, value_type=bytes), name=plan.name)  # type: ignore[untyped-decorator]
    async def agent(stream: Any) -> None:
        async for event in stream.noack().events():
            await app.consumer.offer(event, plan.fold)

    @app.task  # type: ignore[untyped-decorator]
    async def follow_topics() -> None:
        while not app.should_stop:
            await asyncio.sleep(LOOK_FOR_TOPICS_S)
            now = frozenset(filter(plan.is_source, await app.consumer.topics()))
            if now != sources:
                log.info("%s ends to start with %d sources instead of %d", plan.name, len(now), len(sources))
                os.kill(os.getpid(), signal.SIGTERM)
                return

    return app


def run(plan: Plan, settings: Settings) -> int:
    """The worker's body: serve the plan until SIGTERM or a failure; returns the exit code. Its supervisor starts it again."""
    import uvloop  # noqa: PLC0415 - only a worker's loop

    gc.set_threshold(*GC_THRESHOLDS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    sources = wait_for_sources(plan, settings)
    uvloop.install()
    app = build(plan, settings, sources)
    worker = faust.Worker(app, loglevel="INFO", override_logging=True, redirect_stdouts=False, quiet=True)
    threading.Thread(target=_end_at_last, args=(worker,), name="end at last", daemon=True).start()
    try:
        worker.execute_from_commandline()
    except SystemExit as exc:
        return int(exc.code or 0)
    return 0


def _end_at_last(worker: Any) -> None:
    """End the process when the worker has not by itself in time.

    Its clients wait for a broker that is away, some of them for ever, and nobody would start it again. It bears being killed.
    """
    while not worker.should_stop:
        time.sleep(0.2)
    time.sleep(END_WITHIN_S)
    log.warning("did not end in order within %.0f s: ends now", END_WITHIN_S)
    os._exit(1)


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
