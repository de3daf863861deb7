# ruff: noqa: S608 - our own statements
"""The dashboard of the duty: cases by agency, what became of messages, open alerts. From ClickHouse.

The figures of processes have no count of cases, on purpose: they are for everybody who may read the figures of a machine. Here the reader
of the dashboard sees what ClickHouse has: the same cases as in `mekong sql`, with corrections, withdrawals and late reports.
"""

from __future__ import annotations

from mekong.deploy.dials.panels import CLICKHOUSE, Board, Panel, Query, Row

_SPAN = "seized_day BETWEEN toDate($__fromTime) AND toDate($__toTime) AND NOT simulated"
_RECEIVED = "$__timeFilter(received_at) AND reason != 'test_message'"
_OPEN = """SELECT * FROM (SELECT * FROM alerts ORDER BY raised_at DESC, _offset DESC LIMIT 1 BY kind, series, opened, bucket)
WHERE state != 'cleared' AND $__timeFilter(raised_at)"""

NOW = Row(
    "The time span in numbers",
    (
        Panel(
            "number",
            "Cases",
            "Cases that were seized in the time span, as they are known now: corrected cases count once, withdrawn cases do not count.",
            "none",
            [Query(f"SELECT count() AS cases FROM seizures WHERE {_SPAN}")],
            6,
        ),
        Panel(
            "number",
            "Agencies with cases",
            "Agencies that have at least one case in the time span.",
            "none",
            [Query(f"SELECT uniqExact(agency) AS agencies FROM seizures WHERE {_SPAN}")],
            6,
        ),
        Panel(
            "number",
            "Open alerts",
            "Alerts that were raised in the time span and are not cleared.",
            "none",
            [Query(f"SELECT count() AS alerts FROM ({_OPEN})")],
            6,
        ),
        Panel(
            "number",
            "Messages rejected",
            "Messages of the time span that were rejected. The sender has a receipt with the reason of each.",
            "none",
            [Query(f"SELECT countIf(outcome = 'rejected') AS rejected FROM receipts WHERE {_RECEIVED}")],
            6,
        ),
    ),
)
CASES = Row(
    "Cases of the time span",
    (
        Panel(
            "lines",
            "Cases a day by agency",
            "Cases by the day of seizure and the agency. The last days grow, because agencies report late.",
            "suffix: cases",
            [
                Query(
                    f"SELECT toDateTime(seized_day) AS time, agency, count() AS cases FROM seizures WHERE {_SPAN} "
                    "AND seized_precision IN ('time', 'day') GROUP BY time, agency ORDER BY time"
                )
            ],
            24,
        ),
        Panel(
            "table",
            "Cases by agency",
            "Cases, lines and kilograms of each agency in the time span, and when the exchange received its last one.",
            "none",
            [
                Query(
                    "SELECT agency, count() AS cases, sum(line_count) AS lines, round(sum(toFloat64(mass_kg)), 1) AS kg, "
                    f"max(received_at) AS last_received FROM seizures WHERE {_SPAN} GROUP BY agency ORDER BY cases DESC LIMIT 200"
                )
            ],
        ),
        Panel(
            "table",
            "Cases by commodity group",
            "Cases and kilograms by commodity group in the time span. A case with goods of two groups counts in both.",
            "none",
            [
                Query(
                    "SELECT commodity_group, uniqExact(event_id) AS cases, round(sum(toFloat64(mass_kg)), 1) AS kg FROM seizure_lines "
                    f"WHERE {_SPAN} GROUP BY commodity_group ORDER BY cases DESC"
                )
            ],
        ),
    ),
)
MESSAGES = Row(
    "Messages and notifications",
    (
        Panel(
            "lines",
            "Messages an hour",
            "Messages by the hour in which the exchange received them, and what became of them.",
            "suffix: messages",
            [
                Query(
                    "SELECT toStartOfHour(received_at) AS time, outcome, count() AS messages FROM receipts "
                    f"WHERE {_RECEIVED} GROUP BY time, outcome ORDER BY time"
                )
            ],
        ),
        Panel(
            "table",
            "Why messages were rejected",
            "Rejected messages of the time span by agency and reason. An agency with many of one reason may need help.",
            "none",
            [
                Query(
                    f"SELECT agency, reason, count() AS messages FROM receipts WHERE {_RECEIVED} AND outcome = 'rejected' "
                    "GROUP BY agency, reason ORDER BY messages DESC LIMIT 100"
                )
            ],
        ),
        Panel(
            "table",
            "Open alerts by agency",
            "Alerts that were raised in the time span and are not cleared. An empty agency is all members together.",
            "none",
            [
                Query(
                    "SELECT raised_at, tier, kind, agency, commodity_group, observed, round(expected, 1) AS expected "
                    f"FROM ({_OPEN}) ORDER BY raised_at DESC LIMIT 100"
                )
            ],
        ),
        Panel(
            "table",
            "Notifications",
            "Notifications of the time span by member and state. For a parked one `mekong subscribe list` has the reason.",
            "none",
            [
                Query(
                    "SELECT member, state, count() AS notifications, round(median(sent_after_s), 1) AS median_seconds FROM delivery_log "
                    "WHERE $__timeFilter(raised_at) GROUP BY member, state ORDER BY member, state"
                )
            ],
        ),
    ),
)
OVERVIEW = Board(
    "mekong-overview",
    "Seizure Exchange: operation overview",
    "For the person on duty at the host. It counts cases of all members, whatever their handling: give it to those who may see all.",
    CLICKHOUSE,
    "now-30d",
    "1m",
    (NOW, CASES, MESSAGES),
)
