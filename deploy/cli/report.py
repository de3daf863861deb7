"""``mekong report``: writes the briefing of a phase as a page, a workbook, a document and data."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import click

from mekong.deploy.cli.terminal import harmless
from mekong.schemas.languages import LANGUAGES, Language
from mekong.schemas.tlp import LEVELS

_LAST_MOMENT = time(23, 59, 59, 999_000, UTC)


@click.command()
@click.option("--operation", default="", help="The operation, as OMD. Without it: the cases that count for no operation.")
@click.option("--phase", default="", help="Its phase, as V.")
@click.option("--as-known-on", "known_text", default="", help="The cut-off: a day (UTC, complete) or a time. Default: now.")
@click.option("--since", "since_text", default="", help="The cut-off of the last edition, for what has changed since it.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the texts.")
@click.option(
    "--up-to",
    type=click.Choice(LEVELS),
    default="TLP:AMBER",
    show_default=True,
    help="The strictest marking of a case that counts. Cases above it are counted in one sentence only.",
)
@click.option("--with-leave", is_flag=True, help="The senders have given leave: also cases with the handling codes H2 and H3.")
@click.option("--simulated", is_flag=True, help="Only the cases that were made up for an exercise; without it, only real ones.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--overwrite", is_flag=True, help="The folder may have a briefing already. It is replaced.")
def report(
    operation: str,
    phase: str,
    known_text: str,
    since_text: str,
    lang: Language,
    up_to: str,
    with_leave: bool,
    simulated: bool,
    out: Path,
    overwrite: bool,
) -> None:
    """Write the briefing of a phase into a folder: a page, a workbook, a Word document, JSON, and a CSV file for each table.

    The same arguments give the same bytes, when --as-known-on is given. The phase is compared with the phase before it.

    \b
    Example:
      mekong report --operation OMD --phase V --as-known-on 2026-11-28 --out omd-v
      mekong report --operation OMD --phase V --since 2026-11-21 --lang vi --simulated --out omd-v-vi
    """
    from mekong.deploy.reports import phases
    from mekong.deploy.reports.run import briefing, save
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.client import Database
    from mekong.sinks.reports.question import Scope

    if bool(operation) != bool(phase):
        raise click.UsageError("give --operation and --phase together")
    known_at, since = _moment(known_text) or datetime.now(UTC), _moment(since_text)
    if since and since >= known_at:
        raise click.UsageError("--since must be before the cut-off")
    if (out / "report.html").exists() and not overwrite:
        raise click.UsageError(f"{out} has a briefing already: give another folder, or --overwrite")
    code = phases.code(operation, phase) if operation else ""
    database = Database(settings().clickhouse())
    made = briefing(
        database,
        Scope(code, known_at, up_to, with_leave, simulated, since),
        phases.before(code) if code else "",
        lang,
    )
    written = save(made, out)
    database.close()
    for line in (made.line, *made.notes):
        click.echo(harmless(line), err=True)
    click.echo(f"{out}: {len(written)} files, {', '.join(written[:4])} and {len(written) - 4} tables as CSV")


def _moment(text: str) -> datetime | None:
    """The end of a day, or a time, in UTC. Raises UsageError for what is neither, or is not over yet."""
    if not text:
        return None
    try:
        found = datetime.combine(date.fromisoformat(text), _LAST_MOMENT) if len(text) == len("2026-01-01") else datetime.fromisoformat(text)
    except ValueError as exc:
        raise click.UsageError(f"{text!r} is not a day or a time: write 2026-11-28 or 2026-11-28T12:00Z") from exc
    if found.tzinfo is None:
        raise click.UsageError(f"{text!r} has no offset: write 2026-11-28T12:00Z")
    if found > datetime.now(UTC):
        raise click.UsageError(f"{text!r} is not over yet (UTC): give an earlier day, or a time")
    return found.astimezone(UTC)
