"""Reads the alerts of a deployment and draws them on a terminal: lines, sparklines, and the picture of `alerts explain`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mekong.deploy.numbers import number
from mekong.deploy.sparkline import scale, sparkline
from mekong.schemas.alerts import Alert, Kind, State
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ALERTS
from mekong.schemas.wire import decode
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.history import SHOWN, Span, before
from mekong.sinks.reading import read_topic

_SHORTEST_ID = 8
_THOUSAND, _MILLION = 1e3, 1e6


def follow(settings: Settings, *, on: bool) -> Iterator[list[Alert]]:
    """The existing alerts, in lists as they arrive; with ``on`` also later ones, without an end. Raises Refused, Retriable."""
    for records in read_topic(settings, ALERTS.name, on=on):
        if found := [decode(one.value, Alert) for one in records if one.value]:
            yield found


def all_alerts(settings: Settings) -> list[Alert]:
    """Every alert there is, by the time it was raised."""
    return sorted((one for found in follow(settings, on=False) for one in found), key=lambda one: (one.raised_at, one.series))


def alert_of(settings: Settings, text: str) -> Alert:
    """The alert with this id, or whose id begins with it. Raises Refused when there is none, or there are several."""
    if len(text) < _SHORTEST_ID or not re.fullmatch(r"[0-9a-f-]+", text):
        raise Refused(f"{text!r} is not an alert id: give it, or at least its first {_SHORTEST_ID} letters.")
    found = [one for one in all_alerts(settings) if str(one.alert_id).startswith(text)]
    if len({one.alert_id for one in found}) != 1:
        raise Refused(f"{'No alert has' if not found else 'More than one alert has'} the id {text}: `mekong alerts` shows them.")
    return found[0]


class History:
    """Counts of series over time, from ClickHouse's table of closed buckets."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings.clickhouse())

    def close(self) -> None:
        """Give the connection back."""
        self._database.close()

    def before(self, alert: Alert, shown: int = SHOWN) -> list[Span]:
        """See ``sinks/clickhouse/history.py``."""
        return before(self._database, alert, shown)


HEAD = f"{'raised':<16}  {'id':<8}  {'kind':<11}  {'tier':<6}  {'state':<9}  {'series':<26}  {'since':<10}  cases"
"""The header of what ``line`` gives."""


def line(alert: Alert, spans: Sequence[Span] = ()) -> str:
    """One alert for people, under ``HEAD``, with its series' past."""
    drawn = sparkline([cases for _, cases in spans]) if spans else ""
    series = ", ".join(filter(None, (alert.agency or "all members", alert.commodity_group)))
    return (
        f"{alert.raised_at:%Y-%m-%d %H:%M}  {str(alert.alert_id)[:_SHORTEST_ID]}  {alert.kind.value:<11}  {alert.tier.value:<6}  "
        f"{alert.state.value:<9}  {series:<26}  {alert.opened}  {_height(alert):<24}  {drawn}"
    ).rstrip()


def _is_over(alert: Alert) -> bool:
    """Its figures are those of the bucket that was usual again; only its sentence and ``p`` are of its height."""
    return alert.kind is Kind.SPIKE and alert.state is State.CLEARED


def _height(alert: Alert) -> str:
    if _is_over(alert):
        return "usual again"
    expected = "" if alert.expected is None else f", about {number(alert.expected)} expected"
    return f"{alert.observed:,}{expected}"


def brief(alert: Alert, spans: Sequence[Span], language: str = "en") -> list[str]:
    """An alert in a list: its sentence, its series, what was expected, and what stands out."""
    within = f", 9 of 10 lie within {alert.interval_90.low:,} to {alert.interval_90.high:,}" if alert.interval_90 else ""
    expected = (
        "" if _is_over(alert) or alert.expected is None else f"observed {alert.observed:,}, expected {number(alert.expected)}{within}"
    )
    odds = 1 / max(alert.explain.p, 1 / _MILLION) if alert.explain.p else 0.0
    chance = f"by chance {'less than once' if odds >= _MILLION else 'once'} in {odds:,.0f} {alert.bucket.size}s" if odds else ""
    return [
        getattr(alert.sentences, language),
        f"  {spans[0][0]}  {sparkline([cases for _, cases in spans])}  {alert.bucket.end}    cases a {alert.bucket.size}",
        "  " + "; ".join(filter(None, (expected, chance))),
        *_standing_out(alert),
        f"  mekong alerts explain {str(alert.alert_id)[:_SHORTEST_ID]}",
    ]


def _in_shell(sql: str) -> str:
    """Put SQL in double quotes, so that it can be pasted. A shell reads some signs within them too, so these are escaped."""
    return '"' + re.sub(r'([`"$\\])', r"\\\1", sql) + '"'


def explained(alert: Alert, spans: Sequence[Span], language: str = "en") -> list[str]:
    """Everything about one alert: its sentence, the drawing, what stands out, the figures of the test, and how to see the cases."""
    lines = [getattr(alert.sentences, language), ""]
    if spans:
        drawn = sparkline([cases for _, cases in spans])
        lines += [f"  {spans[0][0]}  {drawn}  {alert.bucket.end}    cases a {alert.bucket.size}, at most {max(c for _, c in spans):,}", ""]
    lines += _drawing(alert)
    lines += [*(f"  {name:<22}{value}" for name, value in _figures(alert)), ""]
    lines += _standing_out(alert)
    cases = len(alert.event_ids) + alert.more
    behind = "of the days that were usual again" if _is_over(alert) else "behind it"
    lines += [f"The {cases:,} case{'' if cases == 1 else 's'} {behind}:", f"  mekong sql {_in_shell(alert.sql)}"]
    return lines


def _drawing(alert: Alert) -> list[str]:
    """Observed against expected; nothing where nothing was to be expected."""
    if alert.expected is None:
        return []
    low, high = (alert.interval_90.low, alert.interval_90.high) if alert.interval_90 else (None, None)
    drawing, axis = scale(alert.observed, alert.expected, low, high)
    said = f"  ● observed {alert.observed:,}   ┃ expected {number(alert.expected)}"
    if low is not None:
        said += f"   ━ 9 of 10 lie within {low:,} to {high:,}"
    head = [f"  Usual again, {alert.bucket.start} to {alert.bucket.end}:"] if _is_over(alert) else []
    return [*head, f"  {drawing}", f"  {axis}", said, ""]


def _standing_out(alert: Alert) -> list[str]:
    return [f"  {one.value}: {one.events:,} of {one.of:,} cases, usually {one.usual_share:.0%}" for one in alert.stands_out]


def _figures(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "alert", str(alert.alert_id)
    yield "what", f"{alert.kind.value} {alert.state.value}, {alert.tier.value}, series {alert.series}"
    yield alert.bucket.size, f"{alert.bucket.start} to {alert.bucket.end}, raised {alert.raised_at:%Y-%m-%d %H:%M} UTC"
    if alert.smallest is not None:
        yield "smallest to open", f"{alert.smallest:,}"
    if alert.late_share:
        yield "came late", f"{alert.late_share:.0%}"
    for name, value in alert.explain.model_dump(exclude_none=True).items():
        at = " at its height" if _is_over(alert) and name in {"p", "bits"} else ""
        yield name + at, str(value) if isinstance(value, bool) else f"{value:,.0f}" if value >= _THOUSAND else f"{value:g}"
    yield "rules", alert.rules
