# ruff: noqa: S608 - the parts of the questions are our own; what is not is a parameter
"""The questions of the live page to ClickHouse, each with a limit of rows and of time, and the values made from the answers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from mekong.schemas.alerts import Kind, State, Tier
from mekong.schemas.answered import Given
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.subscriptions import Answer
from mekong.schemas.wire import decode
from mekong.sinks.console.board import MOST_ANSWERS
from mekong.sinks.console.values import WINDOWS, Agencies, Alerts, Counted, Hour, Open, Places, Route, Seized

Rows = Iterable[Sequence[Any]]
_LIMITS = "SETTINGS max_execution_time = 5, max_threads = 1, max_result_rows = 100000, result_overflow_mode = 'break'"
HOUR_BARS = 12
MOST_OPEN = 200
"""Open alerts that are read, and that the queue of alerts shows."""
_RECENT_DAYS = 2
"""A kind of alert that only opens is shown for this time."""
ONLY_OPEN = frozenset({Kind.RETRO_SPIKE, Kind.BULK_REPORT, Kind.FIRST_SEEN, Kind.MAJOR})
"""Kinds of alert that are over at once."""

LAST_TICK = f"SELECT max(as_of) FROM counts {_LIMITS}"
HOUR = f"""SELECT intDiv(dateDiff('second', received_at, now()), 300) AS slot, outcome, count()
FROM receipts WHERE received_at > now() - 3600 AND reason != 'test_message' GROUP BY slot, outcome {_LIMITS}"""

_TODAY = """toDate({now:DateTime('UTC')} + if(startsWith(utc_offset, '-'), -1, 1)
  * (toInt32OrZero(substring(utc_offset, 2, 2)) * 3600 + toInt32OrZero(substring(utc_offset, 5, 2)) * 60))"""
"""The day it is where the agency is; without a profile, the day in UTC."""
_AGES = f"""SELECT *, dateDiff('minute', seized_at, {{now:DateTime('UTC')}}) AS minutes, dateDiff('day', seized_day, {_TODAY}) AS days
FROM seizures LEFT JOIN (SELECT agency, utc_offset FROM agencies) AS offsets USING agency
WHERE seized_day BETWEEN toDate({{now:DateTime('UTC')}}) - 31 AND toDate({{now:DateTime('UTC')}}) + 1
  AND seized_precision IN ('time', 'day')"""
_IN_WINDOWS = """arrayJoin([
  ('1h', if(seized_precision = 'time' AND minutes >= 0, intDiv(minutes, 5), 999)),
  ('24h', if(seized_precision = 'time' AND minutes >= 0, intDiv(minutes, 60), 999)),
  ('7d', if(days >= 0, days, 999)), ('30d', if(days >= 0, days, 999))]) AS at"""
_INSIDE = f"at.2 < transform(at.1, {list(map(str, WINDOWS))}, {list(WINDOWS.values())}, 0)"

AGENCIES = f"SELECT agency, name FROM agencies ORDER BY agency LIMIT 500 {_LIMITS}"
COUNTS = f"""SELECT agency, at.1 AS window, at.2 AS slot, count() FROM (SELECT agency, {_IN_WINDOWS} FROM ({_AGES}))
WHERE {_INSIDE} GROUP BY agency, window, slot LIMIT 60000 {_LIMITS}"""
SEIZED = f"""SELECT at.1 AS window, country, avg(toFloat64(lat)), avg(toFloat64(lon)), if(uniqExact(place) = 1, any(place), ''),
  anyHeavy(group), count() AS cases, sum(cases) OVER (PARTITION BY window)
FROM (SELECT country, lat, lon, place, `lines.commodity_group`[1] AS group,
  round(toFloat64(lat) * 4) AS row, round(toFloat64(lon) * 4) AS col,
  if(lat IS NULL, place, '') AS named, {_IN_WINDOWS} FROM ({_AGES}))
WHERE {_INSIDE} GROUP BY window, country, row, col, named ORDER BY cases DESC LIMIT 8000 BY window {_LIMITS}"""
ROUTES = f"""SELECT at.1 AS window, origin, destination, count() AS cases
FROM (SELECT arrayJoin(origins) AS origin, arrayJoin(destinations) AS destination, {_IN_WINDOWS} FROM ({_AGES}))
WHERE {_INSIDE} AND origin != destination GROUP BY ALL ORDER BY cases DESC LIMIT 40 BY window {_LIMITS}"""
_OVER_AT_ONCE = tuple(map(str, sorted(ONLY_OPEN)))
_STATES = f"kind, series, opened, bucket, if(kind IN {_OVER_AT_ONCE}, toString(alert_id), '')"
"""The states of one alert have these in common; of a kind that is over at once each alert has one state."""
ALERTS = f"""SELECT alert_id, kind, tier, state, agency, commodity_group, opened, raised_at, sentence_en, sentence_vi, sentence_zh,
  series, ids, count() OVER (), countIf(tier = '{Tier.SEVERE}') OVER ()
FROM (SELECT *, groupUniqArray(alert_id) OVER (PARTITION BY {_STATES}) AS ids FROM alerts
  ORDER BY raised_at DESC, _offset DESC LIMIT 1 BY {_STATES})
WHERE state != '{State.CLEARED}' AND (kind NOT IN {_OVER_AT_ONCE}
  OR raised_at > {{now:DateTime('UTC')}} - INTERVAL {_RECENT_DAYS} DAY)
ORDER BY indexOf(['{Tier.SEVERE}', '{Tier.SPIKE}', '{Tier.NOTICE}'], tier), raised_at DESC, alert_id LIMIT {MOST_OPEN} {_LIMITS}"""
ONE_ALERT = f"""SELECT _value FROM alerts WHERE ({_STATES}) IN (SELECT {_STATES} FROM alerts WHERE alert_id = {{id:UUID}})
ORDER BY raised_at, _offset LIMIT 20 {_LIMITS}"""
"""The states of one alert as records, the oldest first."""
_NONE = "toUUID('00000000-0000-0000-0000-000000000000')"
_ANSWERED = f"""SELECT _offset, _value, if(alert_id != {_NONE}, [alert_id], sent.alert_ids) AS about FROM answers
LEFT JOIN (SELECT notification_id, any(alert_ids) AS alert_ids FROM notifications
  WHERE notification_id IN (SELECT notification_id FROM answers) GROUP BY notification_id) AS sent USING notification_id"""
ANSWERS = f"""{_ANSWERED} WHERE _offset > {{after:Int64}} AND at > now() - INTERVAL 366 DAY AND notEmpty(about)
ORDER BY _offset DESC LIMIT {MOST_ANSWERS} {_LIMITS}"""
"""The newest answers to alerts; the longest mute is of a year."""
ANSWERS_TO = f"{_ANSWERED} WHERE hasAny(about, {{ids:Array(UUID)}}) ORDER BY _offset DESC LIMIT 500 {_LIMITS}"
CASES_OF = f"""SELECT event_id, agency, case_no, seized_day, `lines.substance_or_taxon`[1], country, tlp, simulated
FROM seizures WHERE event_id IN {{ids:Array(UUID)}} ORDER BY seized_day DESC, agency, case_no {_LIMITS}"""


def hour(rows: Rows) -> Hour:
    """The messages of the last hour."""
    outcomes: dict[str, int] = defaultdict(int)
    bars = [0] * HOUR_BARS
    for slot, outcome, messages in rows:
        outcomes[outcome] += messages
        bars[HOUR_BARS - 1 - min(max(slot, 0), HOUR_BARS - 1)] += messages
    return Hour(dict(outcomes), tuple(bars))


def agencies(names: Rows, counts: Rows, as_of: datetime, *, is_replay: bool) -> Agencies:
    """The cases of every agency in every window."""
    known = {str(agency): str(name) for agency, name in names}
    bars: dict[str, dict[str, list[int]]] = {agency: _empty() for agency in known}
    for agency, window, slot, cases in counts:
        bars.setdefault(agency, _empty())[window][WINDOWS[window] - 1 - slot] += cases
    found = [Counted(agency, known.get(agency, agency), {w: tuple(b) for w, b in one.items()}) for agency, one in sorted(bars.items())]
    return Agencies(as_of, is_replay, tuple(found))


def _empty() -> dict[str, list[int]]:
    return {str(window): [0] * length for window, length in WINDOWS.items()}


def places(seized: Rows, routes: Rows) -> Places:
    """Where the seizures were."""
    at: dict[str, list[Seized]] = {str(window): [] for window in WINDOWS}
    ways: dict[str, list[Route]] = {str(window): [] for window in WINDOWS}
    totals: dict[str, int] = {}
    for window, country, lat, lon, place, group, cases, total in seized:
        at[window].append(Seized(country, lat, lon, place, group, cases))
        totals[window] = total
    for window, origin, destination, cases in routes:
        ways[window].append(Route(origin, destination, cases))
    return Places(_frozen(at), _frozen(ways), totals)


def _frozen(lists: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(values) for name, values in lists.items()}


def alerts(rows: Rows) -> Alerts:
    """The strongest open alerts, the strongest first, and how many there are."""
    found, total, severe = [], 0, 0
    for *given, series, ids, total, severe in rows:  # noqa: B007 - the same in each row
        alert_id, kind, tier, state, agency, group, opened, raised_at, *three = given
        states = tuple(sorted(map(str, ids)))
        found.append(Open(str(alert_id), kind, tier, state, agency, group, opened, raised_at, sentences(three), series, states))
    return Alerts(tuple(found), total, severe)


def answers(rows: Rows) -> dict[int, Given]:
    """Answers by their offset, the oldest first. One that this version cannot read is left out."""
    found = {}
    for offset, raw, about in reversed(list(rows)):
        with suppress(ValueError):
            found[int(offset)] = Given(decode(raw if isinstance(raw, bytes) else raw.encode(), Answer), tuple(about))
    return found


def sentences(three: Sequence[str]) -> dict[str, str]:
    """The sentences of an alert by language, from their columns."""
    return dict(zip(LANGUAGES, three, strict=True))
