"""``mekong export``: writes cases as a sheet of another organisation's format, or as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from mekong.deploy.cli.terminal import harmless
from mekong.schemas.tlp import LEVELS

FORMATS = ("aitr", "ids", "etis", "simple", "csv", "parquet")
OFFICIAL = ("aitr", "ids", "etis")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What the file is for.")
@click.option("--where", default="", help="Which cases: a condition over the columns of the view seizures. Default: all.")
@click.option(
    "--up-to",
    type=click.Choice(LEVELS),
    default="TLP:GREEN",
    show_default=True,
    help="The strictest marking that may leave. Cases above it are counted, and are not in the file.",
)
@click.option("--with-leave", is_flag=True, help="The senders have given leave: also cases with the handling codes H2 and H3.")
@click.option(
    "--since", "since_text", default="", help="Only what has changed since an earlier export: the numbers that it printed, or a time."
)
@click.option(
    "--official-only", is_flag=True, help="Of aitr, ids and etis: only the official columns, for the receiver. It cannot come back."
)
@click.option("--overwrite", is_flag=True, help="FILE may exist already, and its list. Both are replaced.")
def export(file: Path, form: str, where: str, up_to: str, with_leave: bool, since_text: str, official_only: bool, overwrite: bool) -> None:
    """Write seizures to FILE as a sheet of AITR, IDS or ETIS, as our own sheet, or as a table of all columns.

    A sheet has the official columns first, then those of the exchange, so that it can come back by `send`, as long as nobody has
    changed it. What the official columns cannot carry is listed in FILE.not-carried.txt.

    With --since the file has the cases that are new, corrected or withdrawn since then, each as it is now. At the end the command
    prints what to give the next time.

    \b
    Example:
      mekong export aitr-2025.xlsx --format aitr --where "agency = 'VN-CUSTOMS' AND toYear(seized_day) = 2025" --up-to TLP:AMBER
      mekong export new.xlsx --format simple --since 120-0-77-0-3051-0-9-18
    """
    from mekong.deploy.exports.run import complete, positions
    from mekong.deploy.exports.run import export as run
    from mekong.deploy.exports.said import after, not_carried
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.client import Database
    from mekong.sinks.exports import BY_NAME
    from mekong.sinks.exports.position import is_behind, read_since
    from mekong.sinks.exports.query import Question
    from mekong.sinks.exports.where import condition

    one, beside = BY_NAME[form], file.with_name(f"{file.name}.not-carried.txt")
    _look(file, one.suffix, form, since_text, official_only=official_only)
    _keep(() if overwrite else (file, beside))
    checked, since = condition(where), read_since(since_text) if since_text else None
    database = Database(settings().clickhouse())
    asked = Question(checked, positions(database), up_to, with_leave, not one.tells_simulated, since)
    is_behind(since, asked.below, datetime.now(UTC))
    written = run(database, one, asked, file, official_only=official_only)
    database.close()
    with complete(beside) as partial:
        partial.write_text("\n".join([*not_carried(one, asked, written), ""]), encoding="utf-8")
    for line in after(file, beside, one, asked, written):
        click.echo(harmless(line), err=True)
    click.echo(f"next time: --since {asked.below}")


def _look(file: Path, suffix: str, form: str, since: str, *, official_only: bool) -> None:
    """Raise UsageError for options that do not fit together."""
    if file.suffix.lower() != suffix:
        raise click.UsageError(f"{file.name}: the file of --format {form} ends with {suffix}")
    if official_only and form not in OFFICIAL:
        raise click.UsageError(f"--official-only is for the formats of other organisations: {', '.join(OFFICIAL)}")
    if official_only and since:
        raise click.UsageError("--official-only has no column for withdrawn cases: leave out --since")


def _keep(paths: Iterable[Path]) -> None:
    """Raise UsageError when one of the files is there."""
    if there := next((path for path in paths if path.exists()), None):
        raise click.UsageError(f"{there} exists already: give another name, or --overwrite")
