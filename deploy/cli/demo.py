"""``mekong demo``: sends two real files through its own complete system while you watch."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from mekong.deploy.local.demo_stream import Figures, Streamed
    from mekong.deploy.local.home import Home
    from mekong.producers.parsed import Format
    from mekong.schemas.alerts import Alert
    from mekong.schemas.settings import Settings

DATA = Path(__file__).parents[1] / "demo-data"
EXAMPLE = DATA / "example.jsonl"
FILES = (("cbp-*.csv", "cbp"), ("lemis-*.csv", "lemis"))
BUSIEST, STRONGEST = 8, 5
VERIFY_WITHIN_S = 120.0
NOTICE = """\
Seizure Exchange: a demonstration. Everything runs on this machine and stops with it.

What is shown
  Seizures of two public files stream from agencies into Kafka; Faust checks, journals and counts them; ClickHouse answers.
  Field offices of US Customs and Border Protection, and import lines of the US Fish and Wildlife Service, stand in for agencies.
What is not
  No data of any member agency of an operation. This project is not affiliated with, or endorsed by, the WCO, UNODC, any
  member administration, or the two services whose public files it reads.
"""
COUNTS = f"""
SELECT agency, commodity_group, formatDateTime(max(toDate(start)), '%Y-%m'), argMax(cases, start), argMax(mass_kg, start),
  sumIf(cases, toDate(start) > newest - INTERVAL 12 MONTH), sumIf(mass_kg, toDate(start) > newest - INTERVAL 12 MONTH),
  sum(cases) AS total, sum(mass_kg), (SELECT max(toDate(start)) FROM current_counts WHERE window = 'month') AS newest
FROM current_counts
WHERE window = 'month' AND commodity_group != ''
GROUP BY agency, commodity_group
ORDER BY total DESC
LIMIT {BUSIEST} BY commodity_group
"""  # noqa: S608 - our own statement
TRY_SQL = "SELECT name, count() AS lines, round(sum(mass_kg)) AS kg FROM seizure_lines GROUP BY name ORDER BY lines DESC LIMIT 10"


@click.command()
@click.option("--exit", "ends", is_flag=True, help="End by itself when all is shown; exit code 0 only if `mekong verify` holds.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="A folder with other editions of the two files, cbp-*.csv and lemis-*.csv. Default: those of the repository.",
)
def demo(ends: bool, data: Path | None) -> int:
    """Stream two real files through a whole system, and look at it.

    Starts a stack of its own under MEKONG_HOME/demo, which is emptied first, and stays up until Ctrl-C. Public records of the US
    stand in for agencies; nobody's data but theirs is used, and no affiliation with anybody is meant.

    \b
    Example:
      mekong demo
      mekong demo --exit
    """
    from rich.console import Console

    from mekong.deploy.local.demo_stack import own_stack
    from mekong.deploy.local.home import Home
    from mekong.schemas.settings import settings

    sources = sources_in(data or DATA)
    home = Home(settings().home / "demo")
    console = Console(highlight=False, soft_wrap=True)
    console.print(NOTICE)
    console.print("Starting a stack: Kafka, ClickHouse, three Faust workers, a sink")
    began = time.monotonic()
    with own_stack(home, lambda line: console.print(f"  {line}", markup=False)) as heed:
        up_s = time.monotonic() - began
        holds = _show(console, home, sources, up_s, heed)
        if ends:
            console.print("Stopping the stack")
        else:
            _say_what_next(console, home)
            _stay(console, heed)
    return 0 if holds else 1


def sources_in(folder: Path) -> list[tuple[Path, Format]]:
    """The newest of each of the two files. Raises Refused when one is not there."""
    from mekong.producers.files import format_named
    from mekong.schemas.errors import Refused

    found = []
    for pattern, name in FILES:
        files = sorted(folder.glob(pattern))
        if not files:
            raise Refused(f"{folder} does not have {pattern}. The demo runs from a checkout of the repository, or give --data.")
        found.append((files[-1], format_named(name)))
    return found


def _show(console: Console, home: Home, sources: Sequence[tuple[Path, Format]], up_s: float, heed: Callable[[], None]) -> bool:
    """Stream, verify, and print the result. Returns whether everything is as promised. ``heed`` raises what a signal asked for."""
    from mekong.deploy.cli.ask import print_report
    from mekong.deploy.cli.live import live
    from mekong.deploy.cli.send import places, registering
    from mekong.deploy.local.demo_stream import stream
    from mekong.deploy.verify import verify
    from mekong.schemas.settings import Settings

    where = Settings(home=home.folder)
    console.print("\nStreaming " + " and ".join(path.name for path, _ in sources) + ", in the order of their own time")
    with live(console) as shown:
        registered = registering(where, *(format_ for _, format_ in sources))
        done = stream(where, sources, registered, lambda: places(where), _heeding(heed, shown))
    _say_account(console, done, up_s)
    console.print("Is anything lost, or there twice? `mekong verify` compares every topic with ClickHouse:")
    with console.status("reading the topics") as status:
        report = verify(where, VERIFY_WITHIN_S, status.update)
    print_report(report)
    heed()
    _say_counts(console, where)
    _say_spikes(console, where)
    sys.stdout.flush()
    return report.holds and not done.summary.unanswered


def _heeding(heed: Callable[[], None], shown: Callable[[Figures], None]) -> Callable[[Figures], None]:
    """Show figures, after a look at the signals."""

    def show(figures: Figures) -> None:
        heed()
        shown(figures)

    return show


def _say_account(console: Console, done: Streamed, up_s: float) -> None:
    from mekong.producers.report import as_lines

    for line in as_lines(done.summary, "both files"):
        console.print(f"  {line}", markup=False)
    parts = ", ".join(f"{count:,} of {name}" for name, count in done.per_file.items())
    rate = done.stored / done.seconds if done.seconds else 0.0
    console.print(f"\nThe stack was up after {up_s:.1f} s.")
    console.print(f"{done.stored:,} seizures from file to ClickHouse in {done.seconds:.1f} s ({rate:,.0f}/s): {parts}.\n")


def _say_counts(console: Console, where: Settings) -> None:
    from mekong.deploy.cli.tables import show
    from mekong.sinks.clickhouse.client import Database

    database = Database(where.clickhouse())
    rows = database.query(COUNTS).rows
    database.close()
    console.print("Rolling counts of the busiest agencies, as the worker `watch` keeps them (calendar months: the larger file has no days)")
    columns = ["agency", "group", "last month", "cases", "kg", "cases, 12 months", "kg, 12 months", "cases, all", "kg, all"]
    show(columns, [[str(cell) if isinstance(cell, str) else f"{cell:,.0f}" for cell in row[:-1]] for row in rows], frozenset(columns[3:]))


def _say_spikes(console: Console, where: Settings) -> None:
    """The strongest real spikes, each drawn and explained."""
    from mekong.deploy.alerts import History, all_alerts, brief
    from mekong.deploy.cli.terminal import harmless

    alerts = all_alerts(where)
    found = strongest(alerts)
    console.print(
        f"The {len(found)} strongest of {len(alerts):,} alerts that the workers `watch` and `network` raised on these real records:\n"
    )
    history = History(where)
    for place, one in enumerate(found, 1):
        head, *lines = brief(one, history.before(one))
        console.print(f"{place}. {harmless(head)}", markup=False)
        for line in lines:
            console.print(f" {harmless(line)}", markup=False)
    history.close()


def strongest(alerts: Iterable[Alert], most: int = STRONGEST) -> list[Alert]:
    """The least probable spikes, no more than one of a series. One that is over knows its height."""
    from mekong.schemas.alerts import Kind

    found: dict[str, Alert] = {}
    for one in sorted(alerts, key=lambda one: (-(one.explain.bits or 0), str(one.alert_id))):
        if one.kind in {Kind.SPIKE, Kind.RETRO_SPIKE}:
            found.setdefault(one.series, one)
    return list(found.values())[:most]


def _say_what_next(console: Console, home: Home) -> None:
    from mekong.deploy.local.clickhouse import without_password

    stack, mekong = home.stack(), _command()
    lines = [
        "What to try next, in another terminal and this folder:",
        f"  export MEKONG_HOME={_near(home.folder)}",
        f'  {mekong} sql "{TRY_SQL}"',
        f"  {mekong} send {_near(EXAMPLE)} --format json    # six made-up messages: new, again, corrected, withdrawn",
        f"  {mekong} alerts",
        f"  {mekong} receipts --agency US-MIAMI-FIELD-OFFICE --follow",
        f"  {mekong} status",
        f"ClickHouse   {without_password(stack['clickhouse']['analyst_url'])}  (reads only; the password: {mekong} status --json)",
        f"Kafka        {stack['kafka']['bootstrap']}",
        f"live page    {stack['web']['console']}",
        f"logs         {_near(home.logs)}",
        "Ctrl-C stops everything.",
    ]
    for line in lines:
        console.print(line, markup=False)


def _stay(console: Console, heed: Callable[[], None]) -> None:
    """Wait for Ctrl-C, or for the end of the stack."""
    try:
        while True:
            heed()
            time.sleep(1.0)
    except KeyboardInterrupt:
        console.print("\nStopping the stack")


def _command() -> str:
    """How this command is called from here."""
    mine = Path(sys.prefix) / "bin" / "mekong"
    found = shutil.which("mekong")
    return "mekong" if found and Path(found).resolve() == mine.resolve() else _near(mine)


def _near(path: Path) -> str:
    """The path as seen from the current folder, when it lies in it."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve would follow the environment's links away from here
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)
