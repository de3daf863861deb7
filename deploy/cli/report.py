"""``mekong report``: writes the briefing of a phase as a page, a workbook, a document and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mekong.deploy.cli.terminal import harmless
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.tlp import LEVELS

if TYPE_CHECKING:
    from mekong.sinks.clickhouse.client import Database
    from mekong.sinks.reports.briefing import Briefing
    from mekong.sinks.reports.question import Scope

_WITHIN_S = 600
"""The longest time for the answer to one table."""
_NOTHING, _TWO_TICKS = timedelta(0), timedelta(minutes=2)
_LAST_MOMENT = time(23, 59, 59, 999_000, UTC)


@click.command()
@click.option("--operation", default="", help="The operation, as OMD. Without it: the cases that count for no operation.")
@click.option("--phase", default="", help="Its phase, as V.")
@click.option("--phases", "phases_text", default="", help="A joint evaluation of several phases instead, as I-IV.")
@click.option("--between", "between_text", default="", help="Of the phase: flows, warnings and joint cases of two countries, as VN,CN.")
@click.option("--plan-next", "planning", is_flag=True, help="Of the phase: members, their gaps, and what they could look at first.")
@click.option("--member", default="", help="Of the phase: the figures of one agency, which it confirms or corrects on the page.")
@click.option(
    "--confirmed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file with the columns agency and cases: the members that have confirmed their figures.",
)
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
    known_text: str, since_text: str, up_to: str, with_leave: bool, simulated: bool, out: Path, overwrite: bool, **asked: Any
) -> None:
    """Write the briefing of a phase into a folder: a page, a workbook, a Word document, JSON, and a CSV file for each table.

    The same arguments give the same bytes, when --as-known-on is given. The phase is compared with the phase before it.

    \b
    Example:
      mekong report --operation OMD --phase V --as-known-on 2026-11-28 --out omd-v
      mekong report --operation OMD --phase V --since 2026-11-21 --lang vi --simulated --out omd-v-vi
      mekong report --operation OMD --phases I-IV --out evaluation
      mekong report --operation OMD --phase V --between VN,CN --out vn-cn
      mekong report --operation OMD --phase V --member VN-CUSTOMS --out vn-customs
    """
    from mekong.deploy.reports.files import save
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.client import Database
    from mekong.sinks.reports.question import Scope, complete_up_to

    known_at, since = _moment(known_text) or datetime.now(UTC), _moment(since_text)
    if since and since >= known_at:
        raise click.UsageError("--since must be before the cut-off")
    if (out / "report.html").exists() and not overwrite:
        raise click.UsageError(f"{out} has a briefing already: give another folder, or --overwrite")
    _look(asked)
    database = Database(settings().clickhouse(), within_s=_WITHIN_S)
    made = _made(database, Scope("", known_at, up_to, with_leave, simulated, since), asked)
    known = complete_up_to(database)
    database.close()
    written = save(made, out)
    for line in (made.line, *made.notes, *_incomplete(known, known_at, _NOTHING if known_text else _TWO_TICKS)):
        click.echo(harmless(line), err=True)
    click.echo(f"{out}: {len(written)} files, {', '.join(written[:4])} and {len(written) - 4} tables as CSV")


def _incomplete(known: datetime | None, known_at: datetime, by: timedelta) -> Iterator[str]:
    """A sentence when messages from before the cut-off may still be on their way to ClickHouse."""
    if known is not None and known_at - known > by:
        until = f"{known:%Y-%m-%d %H:%M:%S} UTC"
        yield f"ClickHouse surely has what was received until {until}. Later messages may be missing: write the edition again later."


def _look(asked: Mapping[str, Any]) -> None:
    """Raise UsageError for options that do not fit together."""
    kinds = [name for name in ("phases_text", "between_text", "planning", "member") if asked[name]]
    if len(kinds) > 1:
        raise click.UsageError("--phases, --between, --plan-next and --member are different briefings: give one of them")
    if asked["phases_text"] and (asked["phase"] or not asked["operation"]):
        raise click.UsageError("--phases goes with --operation, and without --phase")
    if not asked["phases_text"] and bool(asked["operation"]) != bool(asked["phase"]):
        raise click.UsageError("give --operation and --phase together")


def _made(database: Database, scope: Scope, asked: Mapping[str, Any]) -> Briefing:
    """The briefing that is asked for."""
    from mekong.deploy.reports import phases, run
    from mekong.deploy.reports.files import confirmations

    language = asked["lang"]
    if asked["phases_text"]:
        return run.of_phases(database, scope, phases.between(asked["operation"], asked["phases_text"]), language)
    code = phases.code(asked["operation"], asked["phase"]) if asked["operation"] else ""
    confirmed = confirmations(asked["confirmed"]) if asked["confirmed"] else {}
    scope, before = scope._replace(phase=code), phases.before(code) if code else ""
    if asked["between_text"]:
        return run.between(database, scope, phases.pair(asked["between_text"]), language, confirmed)
    if asked["member"]:
        return run.of_member(database, scope, asked["member"], language, confirmed)
    make = run.of_plan if asked["planning"] else run.of_phase
    return make(database, scope, before, language, confirmed)


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
