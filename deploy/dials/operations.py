"""The dashboard of the person who runs the exchange: is it up, how do the stages do, what needs a person. From Prometheus."""

from __future__ import annotations

from mekong.deploy.dials.panels import PROMETHEUS, Board, Panel, Query, Row
from mekong.deploy.dials.surroundings import CLICKHOUSE_ROW, MACHINE, OUTSIDE, RATE, p95

IS_IT_UP = Row(
    "Is it up?",
    (
        Panel(
            "number",
            "Alerts that fire",
            "How many alerts of the rules fire now. It should be 0. Each alert links to its section of the runbook.",
            "none",
            [Query('count(ALERTS{alertstate="firing", alertname=~"Mekong.*"}) or vector(0)', "alerts")],
            4,
            1,
        ),
        Panel(
            "number",
            "Processes that do not answer",
            "How many processes Prometheus cannot reach now. It should be 0.",
            "none",
            [Query('count(up{job="mekong"} == 0) or vector(0)', "processes")],
            4,
            1,
        ),
        Panel(
            "number",
            "Last tick",
            "How long ago the clock has written its last tick. It writes one each minute.",
            "s",
            [Query("time() - max(mekong_last_tick_timestamp_seconds)", "ago")],
            4,
            150,
        ),
        Panel(
            "number",
            "Ready",
            "Whether each process can do its work. Of one that cannot, the address /readyz says in a sentence what is missing.",
            "none",
            [Query("min by (process) (mekong_ready * on (instance) group_left (process) mekong_process_info)", "{{process}}")],
            12,
            words={"0": ("not ready", "red"), "1": ("ready", "green")},
        ),
    ),
)
STAGES = Row(
    "How do the stages do?",
    (
        Panel(
            "lines",
            "Records that wait",
            "Records that a stage has not stored yet, as of the last answer of Kafka. A line that grows for minutes needs a look.",
            "suffix: records",
            [Query("sum by (stage) (mekong_lag_records)", "{{stage}}")],
        ),
        Panel(
            "lines",
            "Last answer of Kafka",
            "How long ago a broker has answered each stage. It should be below 30 seconds. When it grows, other figures are old.",
            "s",
            [Query("time() - min by (stage) (mekong_last_answer_timestamp_seconds)", "{{stage}}")],
        ),
        Panel(
            "lines",
            "Records processed",
            "Records that the workers of a stage have processed and committed, each second.",
            "suffix: records/s",
            [Query(f"sum by (stage) (rate(mekong_records_folded_total{RATE}))", "{{stage}}")],
        ),
        Panel(
            "lines",
            "Time since something was stored",
            "How long ago a stage has stored something. Intake, watch, network, share and the table journal store something each minute.",
            "s",
            [Query("time() - max by (stage) (mekong_last_commit_timestamp_seconds > 0)", "{{stage}}")],
        ),
        Panel(
            "lines",
            "Time of a transaction",
            "19 of 20 transactions of a lane in Kafka took at most this time.",
            "s",
            [p95("mekong_lane_commit_seconds", "stage")],
        ),
        Panel(
            "lines",
            "Lanes that are not open",
            "Lanes that the group has assigned and that are not open. It is above 0 for some seconds after a start or a new agency.",
            "suffix: lanes",
            [Query("sum by (stage) (mekong_lanes_assigned) - sum by (stage) (mekong_lanes_open)", "{{stage}}")],
        ),
    ),
)
NEEDS_A_PERSON = Row(
    "What needs a person?",
    (
        Panel(
            "number",
            "Records set aside",
            "Records of the last 24 hours on which the code of a worker fails. Look at `mekong aside list`.",
            "none",
            [Query("sum(increase(mekong_records_aside_total[24h])) or vector(0)", "records")],
            6,
            1,
        ),
        Panel(
            "number",
            "Dead letters",
            "Records of the last 24 hours that ClickHouse has refused. Fix the reason, then run `mekong sink redrive`.",
            "none",
            [Query("sum(increase(mekong_dead_letters_total[24h])) or vector(0)", "records")],
            6,
            1,
        ),
        Panel(
            "number",
            "Topics that are parked",
            "Topics of agencies that are not read now. `mekong status` names the command that helps.",
            "none",
            [Query("sum(mekong_sources_parked) or vector(0)", "topics")],
            6,
            1,
        ),
        Panel(
            "number",
            "Notifications given up",
            "Notifications of the last 24 hours that are not tried again. Look at `mekong subscribe list`.",
            "none",
            [Query('sum(increase(mekong_notifications_total{outcome="parked"}[24h])) or vector(0)', "notifications")],
            6,
            1,
        ),
    ),
)
OPERATIONS = Board(
    "mekong-operations",
    "Seizure Exchange: operations",
    "For the person who runs the exchange. It shows figures of the processes and nothing of a case. Read it from top to bottom.",
    PROMETHEUS,
    "now-6h",
    "30s",
    (IS_IT_UP, NEEDS_A_PERSON, STAGES, CLICKHOUSE_ROW, OUTSIDE, MACHINE),
)
