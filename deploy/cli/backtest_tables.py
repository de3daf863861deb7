"""Shows a back-test's report as tables on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from mekong.deploy.backtest.compare import RaisedAlert
from mekong.deploy.backtest.load import MOST, PHASE_DAYS
from mekong.deploy.backtest.planted import Search
from mekong.deploy.backtest.report import Report, Side
from mekong.deploy.backtest.wording import sentence, when, who, why
from mekong.deploy.cli.tables import show
from mekong.deploy.numbers import number

_SHOWN = 15


def print_report(report: Report) -> None:
    """Print all of it."""
    period = report.period
    click.echo(
        f"{report.source}, {period.first} to {period.last}: {report.entries:,} entries in {report.seconds:.1f} s ({report.rate:,.0f}/s)"
    )
    if report.outcomes:
        click.echo("messages: " + ", ".join(f"{count:,} {what}" for what, count in sorted(report.outcomes.items())))
    if period.by_bucket:
        click.echo("The clock of this deployment is off: alerts belong to the days they are about, and no delay can be told.")
    click.echo("")
    if report.rows:
        head = ["agency", "kind", *(["was", "would be", "in both"] if report.was else ["would be"])]
        show(head, [_row(one, is_alone=report.was is None) for one in report.rows], frozenset(head[2:]))
    _print_figures(report)
    if report.was is not None:
        _print_told("Only under these rules", report.would.only)
        _print_told("Only as it was", report.was.only)
    _print_told("Judged real by subscribers, and not told under these rules", report.lost)
    _print_planted(report.would.planted)
    _print_strongest(report)


def _row(row: Sequence[object], *, is_alone: bool) -> list[str]:
    agency, kind, was, would, both = map(str, row)
    return [agency, kind, would] if is_alone else [agency, kind, was, would, both]


def _print_figures(report: Report) -> None:
    sides = [("was", report.was), ("would be", report.would)] if report.was else [("would be", report.would)]
    found = [side for _, side in sides if side is not None]
    rows = [[name, *(tell(side) for side in found)] for name, tell in _FIGURES.items()]
    show(["", *(name for name, _ in sides)], [row for row in rows if any(row[1:])], frozenset(name for name, _ in sides))


def _print_told(title: str, found: Sequence[RaisedAlert]) -> None:
    if not found:
        return
    click.echo(f"{title} ({len(found)})")
    rows = [[when(one.opened), one.opened.kind.value, one.height.tier.value, why(one)] for one in found[:_SHOWN]]
    show(["when", "kind", "tier", "what"], rows)
    _say_more(len(found))


def _print_planted(found: Sequence[Search]) -> None:
    if not found:
        return
    told = sum(one.alert is not None for one in found)
    click.echo(f"Planted: {told} of {len(found)} told")
    rows = []
    for one in found:
        plant, days = one.planted, one.days
        series = "/".join(part for part in (plant.agency or "network", plant.commodity_group) if part)
        said = [one.alert.series, number(round(days, 1))] if one.alert and days is not None else ["not told", ""]
        rows.append([plant.kind, series, str(plant.start), str(plant.size), number(round(plant.expected, 1)), *said])
    columns = ["planted", "series", "from", "cases", "expected", "told by", "after days"]
    show(columns, rows, frozenset(["cases", "expected", "after days"]))


def _print_strongest(report: Report) -> None:
    if not report.strongest:
        return
    click.echo(f"The {len(report.strongest)} strongest, and what happened by the data")
    rows = [[str(place), who(one), f"{one.bits:.0f}", sentence(one)] for place, one in enumerate(report.strongest, 1)]
    show(["", "who", "bits", "what happened"], rows, frozenset(["bits"]))


def _say_more(count: int) -> None:
    if count > _SHOWN:
        click.echo(f"and {count - _SHOWN:,} more; --json has all of them\n")


def _verdicts(side: Side) -> str:
    one = side.precision
    return f"{one.real} real, {one.explained} explained, {one.false} false" if one.judged else ""


def _precision(side: Side) -> str:
    return f"{side.precision.share:.0%}" if side.precision.share is not None else ""


def _planted(side: Side) -> str:
    return f"{sum(one.alert is not None for one in side.planted)} of {len(side.planted)}" if side.planted else ""


def _delay(side: Side) -> str:
    one = side.detection
    return f"{number(round(one.median_days, 1))}, {number(round(one.slowest_tenth_days, 1))}" if one else ""


_FIGURES: dict[str, Callable[[Side], str]] = {
    "rules": lambda side: ", ".join(side.rules),
    "alerts": lambda side: f"{side.alerts:,}",
    "verdicts of subscribers": _verdicts,
    "precision: real of those with a verdict": _precision,
    "planted and told": _planted,
    "days from a bucket's start to its SPIKE: median, slowest tenth": _delay,
    "sent at once to a subscriber to everything": lambda side: f"{len(side.load.at_once):,}",
    f"  in {PHASE_DAYS} days: usually": lambda side: number(round(side.load.usual, 1)),
    f"  in {PHASE_DAYS} days: at most (aim: about {MOST})": lambda side: str(side.load.busiest),
    f"  in {PHASE_DAYS} days, with daily digests of the rest: at most": lambda side: str(side.load.busiest_with_digests),
    "  daily digests in all": lambda side: f"{len(side.load.digests):,}",
}
