"""Declares each metric of the exchange once: its name, what it counts, its unit and its labels. docs/metrics.md has the table.

No metric has the content of a case, the number of a case or the name of a person. A label has few values: a stage, a table, a topic, a
channel, a route.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a metric does with its value."""

    COUNTER = "counter"  # only grows; begins at 0 when the process starts
    GAUGE = "gauge"  # goes up and down
    HISTOGRAM = "histogram"  # how many values are at most so large


class Metric(NamedTuple):
    """One metric. Its name ends in ``_total`` when it is a counter, and names its unit when that is seconds."""

    name: str
    kind: Kind
    unit: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Of a histogram: the upper bounds, in its unit."""


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

INFO = Metric("mekong_process_info", Kind.GAUGE, "1", "Always 1. The labels name the process and its version.", ("process", "version"))
READY = Metric("mekong_ready", Kind.GAUGE, "0 or 1", "1 when /readyz answers 200 at this moment, else 0.")

FOLDED = Metric("mekong_records_folded_total", Kind.COUNTER, "records", "Records that a worker has processed and committed.", ("stage",))
OUTPUTS = Metric("mekong_records_written_total", Kind.COUNTER, "records", "Outputs that a worker has committed, without state.", ("stage",))
COMMIT = Metric(
    "mekong_lane_commit_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "From the beginning of a lane's transaction in Kafka to its end. Its count is the number of transactions.",
    ("stage",),
    _SECONDS,
)
LAST_COMMIT = Metric(
    "mekong_last_commit_timestamp_seconds",
    Kind.GAUGE,
    "seconds since 1970",
    "When a worker, or the sink (`sink-TABLE`), has stored something last; 0 when not yet since its start.",
    ("stage",),
)
BUFFERED = Metric("mekong_records_buffered", Kind.GAUGE, "records", "Records that a worker has read and not yet committed.", ("stage",))
ASSIGNED = Metric("mekong_lanes_assigned", Kind.GAUGE, "lanes", "Lanes that the group assigns to this worker.", ("stage",))
OPEN = Metric("mekong_lanes_open", Kind.GAUGE, "lanes", "Lanes of this worker that are open.", ("stage",))
REOPENED = Metric(
    "mekong_lanes_reopened_total",
    Kind.COUNTER,
    "lanes",
    "Lanes that ended themselves and were opened again; not those of a rebalance.",
    ("stage",),
)
LAG = Metric(
    "mekong_lag_records",
    Kind.GAUGE,
    "records",
    "From the stored position to the end of each topic at the last fetch, about. Markers of transactions count too. Each 15 s.",
    ("stage", "topic"),
)
LAST_ANSWER = Metric(
    "mekong_last_answer_timestamp_seconds",
    Kind.GAUGE,
    "seconds since 1970",
    "When a broker has last answered a worker, or the sink (`sink-TABLE`). Without value before the first answer, and without lanes.",
    ("stage",),
)
ASIDE = Metric("mekong_records_aside_total", Kind.COUNTER, "records", "Records that a worker has set aside.", ("stage",))
PARKED = Metric(
    "mekong_sources_parked", Kind.GAUGE, "topics", "Topics of agencies that this worker does not read, because they are parked.", ("stage",)
)

STORED = Metric("mekong_rows_stored_total", Kind.COUNTER, "rows", "Rows that the sink has inserted into a table.", ("table",))
INSERT = Metric("mekong_insert_seconds", Kind.HISTOGRAM, "seconds", "How long an insert into ClickHouse took.", ("table",), _SECONDS)
DEAD = Metric("mekong_dead_letters_total", Kind.COUNTER, "records", "Records that ClickHouse refused: dead letters.", ("table",))
FAILED = Metric(
    "mekong_sink_failures_total",
    Kind.COUNTER,
    "failures",
    "Times that the sink did not know whether ClickHouse had stored its rows, and asked for its position again.",
    ("table",),
)

TICKS = Metric("mekong_clock_ticks_total", Kind.COUNTER, "ticks", "Minutes of which the clock has written the ticks of all agencies.")
LAST_TICK = Metric("mekong_last_tick_timestamp_seconds", Kind.GAUGE, "seconds since 1970", "The minute of the last tick.")

DELIVERED = Metric(
    "mekong_notifications_total",
    Kind.COUNTER,
    "attempts",
    "Attempts to deliver a notification: sent, retrying (tried again later) or parked (not tried again).",
    ("channel", "outcome"),
)
UNDELIVERED = Metric("mekong_notifications_waiting", Kind.GAUGE, "notifications", "Notifications that the notifier has still to deliver.")

REQUESTS = Metric(
    "mekong_http_requests_total",
    Kind.COUNTER,
    "requests",
    "Answers of `mekong web`, by the pattern of the route and the status. Requests that match no route have the route `none`.",
    ("method", "route", "status"),
)
READERS = Metric("mekong_stream_readers", Kind.GAUGE, "readers", "Readers of the stream of alerts (server-sent events).")
REFUSALS = Metric(
    "mekong_quota_refusals_total",
    Kind.COUNTER,
    "requests",
    "Requests that were answered 429, by the limit that an agency has reached: minute, requests, bytes or readers.",
    ("limit",),
)

METRICS = tuple(one for one in tuple(globals().values()) if isinstance(one, Metric))
"""All of them, in this order."""
