"""Reads the counts of an alert's series over time, from the table of closed buckets: for the terminal and the live page."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from mekong.schemas.alerts import Alert
from mekong.schemas.alerts import Span as Bucket
from mekong.sinks.clickhouse.client import Database

SHOWN = 30
"""Buckets in a drawing."""
Span = tuple[date, int]
"""First day of a bucket, and its cases."""


def before(database: Database, alert: Alert, shown: int = SHOWN) -> list[Span]:
    """The buckets of the alert's series up to the alert's own, in order, from the first known one. A bucket without cases is 0."""
    size, newest = alert.bucket.size, _last(alert.bucket)
    first = _back(newest, size, shown - 1)
    rows = database.query(
        """SELECT start, sum(newest) FROM (
          SELECT agency, start, argMax(cases, revision) AS newest FROM buckets
          WHERE bucket = {bucket:String} AND commodity_group = {group:String} AND ({agency:String} = '' OR agency = {agency:String})
            AND start BETWEEN {first:Date} AND {last:Date}
          GROUP BY agency, start) GROUP BY start""",
        bucket="month" if size == "month" else "day",
        group=alert.commodity_group or "",
        agency=alert.agency or "",
        first=first,
        last=alert.bucket.end,
    ).rows
    closed = {day: int(cases) for day, cases in rows}
    starts = [_back(newest, size, shown - 1 - number) for number in range(shown)]
    spans = [(start, sum(cases for day, cases in closed.items() if _inside(day, start, size))) for start in starts]
    earlier = sum(cases for start, cases in spans[:-1] if start >= alert.bucket.start)
    spans[-1] = (newest, max(alert.observed - earlier, spans[-1][1]))  # it may be open, and in no table yet
    known = _known_from(database, alert)
    return [*(one for one, (following, _) in pairwise(spans) if following > known), spans[-1]]


def _known_from(database: Database, alert: Alert) -> date:
    """The first day of the first bucket that has closed for the alert's agency, or for any member."""
    found: date = database.value(
        "SELECT min(start) FROM buckets WHERE bucket IN ('day', 'month') AND ({agency:String} = '' OR agency = {agency:String})",
        agency=alert.agency or "",
    )
    return found


def _back(start: date, size: str, steps: int) -> date:
    """The first day of the bucket so many before this one."""
    if size == "month":
        month = start.year * 12 + start.month - 1 - steps
        return date(month // 12, month % 12 + 1, 1)
    return start - timedelta(days=steps * (7 if size == "week" else 1))


def _last(bucket: Bucket) -> date:
    """The first day of the last of the buckets that an alert counts together."""
    return bucket.end.replace(day=1) if bucket.size == "month" else bucket.end - timedelta(days=6 if bucket.size == "week" else 0)


def _inside(day: date, start: date, size: str) -> bool:
    return start <= day < start + timedelta(days=7) if size == "week" else day == start
