"""Writes a report in Markdown, as part of a page of the documentation. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mekong.deploy.backtest.load import MOST, PHASE_DAYS
from mekong.deploy.backtest.report import Report, Side
from mekong.deploy.backtest.wording import sentence, who
from mekong.deploy.numbers import number

BEGIN, END = "<!-- backtest -->", "<!-- end of backtest -->"
_MARKED = re.compile(rf"(?<={BEGIN}\n).*?(?={END})", re.DOTALL)


def with_report(text: str, report: Report, command: str) -> str:
    """Write the report between the marks of a page. A page without marks gets them at its end."""
    if not _MARKED.search(text):
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n".lstrip()
    written = "\n".join(lines(report, command)) + "\n"
    return _MARKED.sub(lambda _: written, text)


def lines(report: Report, command: str) -> Iterator[str]:
    """The report."""
    period = report.period
    yield f"Written by `{command}`: {report.entries:,} entries of {report.source}, {period.first} to {period.last}."
    yield ""
    yield from _table(["", *(name for name, _ in _sides(report))], _figures(report))
    yield ""
    yield from _table(
        ["", "who", "alert", "bits", "what happened, by the data"],
        [
            [str(place), who(one), f"{one.raised.opened.kind}, {one.raised.height.tier}", f"{one.bits:.0f}", sentence(one)]
            for place, one in enumerate(report.strongest, 1)
        ],
    )


def _sides(report: Report) -> list[tuple[str, Side]]:
    return [("was", report.was), ("would be", report.would)] if report.was else [("", report.would)]


def _figures(report: Report) -> list[list[str]]:
    sides = [side for _, side in _sides(report)]
    rows = [
        ["alerts", [f"{side.alerts:,}" for side in sides]],
        ["at once to a subscriber to everything, default budget", [f"{len(side.load.at_once):,}" for side in sides]],
        [f"the same in {PHASE_DAYS} days: usually", [number(side.load.usual) for side in sides]],
        [f"the same in {PHASE_DAYS} days: at most (aim: about {MOST})", [str(side.load.busiest) for side in sides]],
        [f"and with daily digests of the rest: at most in {PHASE_DAYS} days", [str(side.load.busiest_with_digests) for side in sides]],
        ["daily digests in all", [f"{len(side.load.digests):,}" for side in sides]],
        ["rules", [", ".join(side.rules) for side in sides]],
    ]
    return [[str(name), *cells] for name, cells in rows]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
