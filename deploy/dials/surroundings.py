"""The second half of the dashboard of operations: ClickHouse, notifications, the web server, memory and processor."""

from __future__ import annotations

from mekong.deploy.dials.panels import Panel, Query, Row

RATE = "[$__rate_interval]"


def p95(metric: str, label: str) -> Query:
    """The value that 19 of 20 observations of a histogram do not pass, by a label."""
    return Query(f"histogram_quantile(0.95, sum by ({label}, le) (rate({metric}_bucket{RATE})))", f"{{{{{label}}}}}")


CLICKHOUSE_ROW = Row(
    "ClickHouse",
    (
        Panel(
            "lines",
            "Rows stored",
            "Rows that the sink has inserted into each table, each second.",
            "suffix: rows/s",
            [Query(f"sum by (table) (rate(mekong_rows_stored_total{RATE}))", "{{table}}")],
            8,
        ),
        Panel(
            "lines",
            "Time of an insert",
            "19 of 20 inserts into ClickHouse took at most this time.",
            "s",
            [p95("mekong_insert_seconds", "table")],
            8,
        ),
        Panel(
            "lines",
            "Failures of the sink",
            "Times in five minutes that the sink did not know whether ClickHouse had stored its rows. It then asks for its position again.",
            "suffix: failures",
            [Query("sum by (table) (increase(mekong_sink_failures_total[5m]))", "{{table}}")],
            8,
        ),
    ),
)
OUTSIDE = Row(
    "Notifications and the web",
    (
        Panel(
            "lines",
            "Attempts to notify",
            "Attempts in five minutes to deliver a notification, by channel and what became of them.",
            "suffix: attempts",
            [Query("sum by (channel, outcome) (increase(mekong_notifications_total[5m]))", "{{channel}} {{outcome}}")],
            8,
        ),
        Panel(
            "lines",
            "Notifications that wait",
            "Notifications that the notifier has still to deliver. It is above 0 for long when a receiver does not answer.",
            "suffix: notifications",
            [Query("sum(mekong_notifications_waiting)", "waiting")],
            8,
        ),
        Panel(
            "lines",
            "Answers of the server",
            "Answers of `mekong web` each second by status. A status from 500 means that the server or Kafka has failed.",
            "reqps",
            [Query(f"sum by (status) (rate(mekong_http_requests_total{RATE}))", "{{status}}")],
            8,
        ),
        Panel(
            "lines",
            "Requests over a limit",
            "Requests in five minutes that were answered 429, by the limit that an agency has reached.",
            "suffix: requests",
            [Query("sum by (limit) (increase(mekong_quota_refusals_total[5m]))", "{{limit}}")],
            8,
        ),
        Panel(
            "lines",
            "Readers of the stream",
            "Readers of the stream of alerts (server-sent events) that are connected.",
            "suffix: readers",
            [Query("sum(mekong_stream_readers)", "readers")],
            8,
        ),
    ),
)
MACHINE = Row(
    "Memory and processor",
    (
        Panel(
            "lines",
            "Memory",
            "Memory of each process. A line that only grows for days is a fault.",
            "bytes",
            [Query('process_resident_memory_bytes{job="mekong"} * on (instance) group_left (process) mekong_process_info', "{{process}}")],
            8,
        ),
        Panel(
            "lines",
            "Processor time",
            "How many processors each process uses. 1 is one processor all the time.",
            "none",
            [
                Query(
                    f'rate(process_cpu_seconds_total{{job="mekong"}}{RATE}) * on (instance) group_left (process) mekong_process_info',
                    "{{process}}",
                )
            ],
            8,
        ),
        Panel(
            "lines",
            "Open files",
            "Share of the open files that each process may have. It should be below 80 %.",
            "percentunit",
            [
                Query(
                    '(process_open_fds{job="mekong"} / process_max_fds) * on (instance) group_left (process) mekong_process_info',
                    "{{process}}",
                )
            ],
            8,
        ),
    ),
)
