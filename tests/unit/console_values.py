"""What the live page shows, for tests: an exchange without anything, one with hostile texts, and one with very many cases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random

from mekong.schemas.codes import code_list
from mekong.sinks.console.board import Shown
from mekong.sinks.console.queries import agencies
from mekong.sinks.console.values import WINDOWS, Alerts, Hour, Open, Pipeline, Places, Route, Row, Seized, Stage, Summary

AT = datetime(2026, 5, 3, 8, 2, 12, tzinfo=UTC)
HOSTILE = """<script>document.title='x'</script>"'<b>1</b>&amp;{{ 7 * 7 }}\u202egnp.exe\u0007"""
EMPTY = Shown(
    feed=(),
    hour=Hour({}, (0,) * 12),
    agencies=agencies([], [], AT, is_replay=False),
    alerts=Alerts((), 0, 0),
    places=Places(dict.fromkeys(WINDOWS, ()), dict.fromkeys(WINDOWS, ()), {}),
    pipeline=Pipeline(AT, (), ()),
)


def hostile() -> Shown:
    summary = Summary("case", ((HOSTILE, HOSTILE, HOSTILE),), 2, HOSTILE, "TLP:RED")
    row = Row(AT, (HOSTILE, 1), HOSTILE, HOSTILE, "5f3c", "accepted", notices=1, summary=summary)
    refused = Row(AT, (HOSTILE, 2), HOSTILE, HOSTILE, "", "rejected", HOSTILE, HOSTILE, HOSTILE)
    said = dict.fromkeys(("en", "vi", "zh"), HOSTILE)
    alert = Open("5f3c", HOSTILE, HOSTILE, "open", HOSTILE, HOSTILE, date(2026, 5, 3), AT, said)
    seized = {window: (Seized(HOSTILE, 16.0, 106.0, HOSTILE, HOSTILE, 3),) for window in WINDOWS}
    routes = {window: (Route(HOSTILE, "VN", 1), Route("MM", "VN", 2)) for window in WINDOWS}
    return Shown(
        feed=(row, refused),
        hour=Hour({"accepted": 1, "rejected": 1}, (0,) * 11 + (2,)),
        agencies=agencies([(HOSTILE, HOSTILE)], [(HOSTILE, "24h", 0, 1)], AT, is_replay=True),
        alerts=Alerts((alert,), 3, 1),
        places=Places(seized, routes, dict.fromkeys(map(str, WINDOWS), 5)),
        pipeline=Pipeline(AT, (Stage(HOSTILE, 3, True, 62.0), Stage("sink", 0, False, None)), (HOSTILE,)),
        away={"kafka": HOSTILE, "clickhouse": HOSTILE},
    )


def many(cases: int) -> Places:
    """So many cases, each at coordinates of its own, all over the Mekong region, and on 40 routes."""
    random = Random(7)
    groups = sorted(code_list("commodity_groups"))
    seized = tuple(
        Seized("VN", round(random.uniform(2, 30), 2), round(random.uniform(89, 123), 2), "", random.choice(groups), 1) for _ in range(cases)
    )
    countries = sorted(code_list("countries"))
    routes = tuple(Route(random.choice(countries), "VN", 1 + number) for number in range(40))
    found, ways, totals = (dict.fromkeys(map(str, WINDOWS), value) for value in (seized, routes, cases))
    return Places(found, ways, totals)
