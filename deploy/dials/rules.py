"""Declares each alert rule for Prometheus once. deploy/prometheus has them as YAML, docs/runbook.md has a section for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How soon a person must look."""

    CRITICAL = "critical"  # now: messages wait, or nobody would see it
    WARNING = "warning"  # on this working day: a part is not as it should be, the rest goes on


class Rule(NamedTuple):
    """One alert rule."""

    name: str
    """Also the heading of its section in docs/runbook.md."""
    group: str
    severity: Severity
    hold: str
    """How long the expression must hold before the alert fires, as ``2m``."""
    expression: str
    """In PromQL. Each result with a value is an alert."""
    meaning: str
    """One sentence: what the alert says. It may show labels as ``{{ $labels.stage }}``."""

    @property
    def anchor(self) -> str:
        """The anchor of its section in docs/runbook.md."""
        return self.name.lower()


_TICKED = "intake|watch|network|share|sink-journal"
"""Stages that store something each minute, because each minute has ticks."""
_KAFKA_WAS_AWAY = "max_over_time((time() - max(mekong_last_answer_timestamp_seconds))[15m:15s]) > 60"
"""No stage had an answer: the sink then ends and starts each minute or two, by design."""

RULES = (
    Rule(
        "MekongProcessDown",
        "processes",
        Severity.WARNING,
        "2m",
        'up{job="mekong"} == 0',
        "Prometheus cannot reach the metrics of {{ $labels.instance }}: the process has ended, hangs, or the network is cut.",
    ),
    Rule(
        "MekongStageMissing",
        "processes",
        Severity.CRITICAL,
        "2m",
        "group by (process) (last_over_time(mekong_process_info[1d])) unless on (process) group by (process) (mekong_process_info)",
        "No process {{ $labels.process }} answers any more, and one did in the last 24 hours: its work is not done.",
    ),
    Rule(
        "MekongProcessRestarts",
        "processes",
        Severity.WARNING,
        "2m",
        f'changes(process_start_time_seconds{{job="mekong"}}[15m]) >= 3 unless on () {_KAFKA_WAS_AWAY}',
        "{{ $labels.instance }} was started again three times or more in 15 minutes, and Kafka was not away.",
    ),
    Rule(
        "MekongNotReady",
        "processes",
        Severity.WARNING,
        "3m",
        "(mekong_ready == 0) * on (instance) group_left (process) mekong_process_info",
        "{{ $labels.process }} at {{ $labels.instance }} runs and cannot do its work: its /readyz says in a sentence what it misses.",
    ),
    Rule(
        "MekongKafkaAway",
        "kafka",
        Severity.CRITICAL,
        "1m",
        "time() - mekong_last_answer_timestamp_seconds > 60",
        "No broker has answered {{ $labels.stage }} for more than a minute: Kafka is away, or cannot be reached from there.",
    ),
    Rule(
        "MekongStageSilent",
        "kafka",
        Severity.CRITICAL,
        "1m",
        f'time() - max by (stage) (mekong_last_commit_timestamp_seconds{{stage=~"{_TICKED}"}}) > 300',
        "{{ $labels.stage }} has stored nothing for more than five minutes, and there is a tick to store each minute.",
    ),
    Rule(
        "MekongNoTick",
        "kafka",
        Severity.CRITICAL,
        "1m",
        "time() - max(mekong_last_tick_timestamp_seconds) > 150",
        "The clock has written no tick for more than two minutes: days do not close, and alerts that need time are not raised.",
    ),
    Rule(
        "MekongLag",
        "kafka",
        Severity.WARNING,
        "5m",
        "(sum by (stage) (mekong_lag_records) > 1000) >= sum by (stage) (mekong_lag_records offset 5m)",
        "More than 1,000 records wait for {{ $labels.stage }}, and after five minutes they are not fewer.",
    ),
    Rule(
        "MekongRecordsAside",
        "records",
        Severity.WARNING,
        "0m",
        "sum by (stage) (increase(mekong_records_aside_total[1h])) > 0",
        "{{ $labels.stage }} has set records aside, because its code fails on them.",
    ),
    Rule(
        "MekongSourceParked",
        "records",
        Severity.WARNING,
        "1m",
        "sum by (stage) (mekong_sources_parked) > 0",
        "The topic of an agency is parked: what this agency sends is not read.",
    ),
    Rule(
        "MekongDeadLetters",
        "records",
        Severity.WARNING,
        "0m",
        "sum by (table) (increase(mekong_dead_letters_total[1h])) > 0",
        "ClickHouse has refused records of table {{ $labels.table }}: they are in the table dead_letters.",
    ),
    Rule(
        "MekongSinkFailing",
        "clickhouse",
        Severity.CRITICAL,
        "1m",
        "sum(increase(mekong_sink_failures_total[5m])) >= 3",
        "ClickHouse does not answer the sink, or answers with failures: nothing new gets into the tables.",
    ),
    Rule(
        "MekongDeliveryRetried",
        "notifications",
        Severity.WARNING,
        "0m",
        'sum by (channel) (increase(mekong_notifications_total{outcome="retrying"}[10m])) >= 3',
        "Notifications by {{ $labels.channel }} fail and are tried again: the receiver or the mail server does not accept them.",
    ),
    Rule(
        "MekongDeliveryParked",
        "notifications",
        Severity.WARNING,
        "0m",
        'sum by (channel) (increase(mekong_notifications_total{outcome="parked"}[1h])) > 0',
        "Notifications by {{ $labels.channel }} are parked: they were not delivered, and are not tried again.",
    ),
    Rule(
        "MekongServerErrors",
        "web",
        Severity.WARNING,
        "1m",
        'sum by (status) (increase(mekong_http_requests_total{status=~"5.."}[5m])) > 5',
        "`mekong web` has answered more than five requests in five minutes with status {{ $labels.status }}.",
    ),
)
"""All of them, in the order of the file."""


def rows() -> Iterator[list[str]]:
    """A row of a table for each rule: its name with a link to the runbook, severity, how long it must hold, what it says."""
    for one in RULES:
        said = re.sub(r"{{ \$labels\.(\w+) }}", r"*\1*", one.meaning)
        yield [f"[`{one.name}`](runbook.md#{one.anchor})", one.severity.value, one.hold, said]
