"""Makes a dashboard of Grafana from panels that are declared as plain values. Needs grafana-foundation-sdk, of the extra ``dev``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import BigValueGraphMode, LegendDisplayMode, LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode, ValueMap, ValueMappingResult

PROMETHEUS = "prometheus"
CLICKHOUSE = "grafana-clickhouse-datasource"
"""Grafana's names of the two kinds of data source. The ids are those of deploy/grafana/provisioning."""
UIDS = {PROMETHEUS: "mekong-prometheus", CLICKHOUSE: "mekong-clickhouse"}
_HEIGHTS = {"number": 4, "lines": 8, "table": 9}


class Query(NamedTuple):
    """One question: PromQL, or SQL for ClickHouse."""

    text: str
    legend: str = ""
    """Of PromQL: the name of a line, with labels as ``{{stage}}``."""


class Panel(NamedTuple):
    """One panel. Title, description and unit are never empty; a test looks."""

    kind: Literal["number", "lines", "table"]
    title: str
    description: str
    """What it shows, and what is as it should be, in one or two sentences."""
    unit: str
    """Of Grafana: ``s``, ``bytes``, ``none`` or ``suffix: records``."""
    queries: Sequence[Query]
    width: int = 12
    """Of 24."""
    red_from: float | None = None
    """The value from which a number is red; below it is green."""
    words: Mapping[str, tuple[str, str]] = {}
    """A value -> the word that is shown for it, and its colour."""


class Row(NamedTuple):
    """Panels under a heading."""

    title: str
    panels: Sequence[Panel]


class Board(NamedTuple):
    """A dashboard."""

    uid: str
    title: str
    description: str
    source: str
    """The kind of its data source."""
    since: str
    """The beginning of its time span, as ``now-6h``."""
    refresh: str
    rows: Sequence[Row]


class _Sql(Dataquery):
    """A question in SQL, as the data source of ClickHouse keeps it (version 4)."""

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.is_series = text, kind == "lines"

    def to_json(self) -> dict[str, object]:
        shape: dict[str, object] = {"format": 0, "queryType": "timeseries"} if self.is_series else {"format": 1, "queryType": "table"}
        return {"refId": "A", "editorType": "sql", "rawSql": self.text, **shape}


class _Built(Builder[Dataquery]):
    def __init__(self, query: Dataquery) -> None:
        self.query = query

    def build(self) -> Dataquery:
        return self.query


def text_of(board: Board) -> str:
    """The dashboard as JSON, for a file."""
    built = dashboard.Dashboard(board.title).uid(board.uid).description(board.description).tags(["mekong"])
    built = built.readonly().timezone("utc").time(board.since, "now").refresh(board.refresh)
    number = 0
    for row in board.rows:
        number += 1
        built = built.with_row(dashboard.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            built = built.with_panel(_panel(panel, board.source, number))
    return json.dumps(built.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def _panel(panel: Panel, source: str, number: int) -> Any:
    built = _OF_KIND[panel.kind]().id(number).title(panel.title).description(panel.description).unit(panel.unit)
    built = built.datasource(DataSourceRef(source, UIDS[source])).height(_HEIGHTS[panel.kind]).span(panel.width)
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        built = built.with_target(_query(query, panel.kind, source, letter))
    steps = [Threshold(None, "green" if panel.red_from is not None else "text")]
    if panel.red_from is not None:
        steps.append(Threshold(panel.red_from, "red"))
    built = built.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    if panel.words:
        results = {value: ValueMappingResult(text=word, color=colour) for value, (word, colour) in panel.words.items()}
        built = built.mappings([ValueMap(results)])
    return built


def _query(query: Query, kind: str, source: str, letter: str) -> Any:
    if source == CLICKHOUSE:
        return _Built(_Sql(query.text, kind))
    built = prometheus.Dataquery().expr(query.text).legend_format(query.legend).ref_id(letter)
    return built.range() if kind == "lines" else built.instant()


def _number() -> Any:
    return stat.Panel().graph_mode(BigValueGraphMode.NONE).reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _lines() -> Any:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(show_legend=True)
    return timeseries.Panel().legend(legend).tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)).min(0)


_OF_KIND: Mapping[str, Any] = {"number": _number, "lines": _lines, "table": table.Panel}
