"""``mekong simulate``: writes an invented phase, to try the exchange and to measure what it finds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mekong.producers.simulate import Simulated
    from mekong.producers.simulation.exchange import EventId

STDOUT = Path("-")


@click.command()
@click.option("--phase", "name", required=True, help="Which phase of Operation Mekong Dragon: I to VII, or AP.")
@click.option("--seed", type=int, required=True, help="The same seed gives the same messages.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=STDOUT,
    show_default=True,
    help="File to write; - for stdout.",
)
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Write what was planted to this file, a JSON line each.")
@click.option("--cases", type=click.IntRange(1, 20_000), help="Expected number of cases; the published one when not given.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), help="First day of the phase; the real one when not given.")
@click.option("--plants/--no-plants", "planted", default=True, show_default=True, help="Plant spikes, new routes, silences ...")
def simulate(name: str, seed: int, out: Path, truth: Path | None, cases: int | None, start: datetime | None, planted: bool) -> None:
    """Write the messages of a simulated phase, in order of arrival, marked simulated.

    Calibrated on the published results of each phase: members, cases, drugs and wildlife, weights, delays, duplicates, corrections
    (docs/simulate.md says what is published and what is invented). Spikes are planted; --truth says where. Event ids are those of
    the local stack or of MEKONG_SECRET; where there is neither, feedback and joint cases refer to nothing and are left out.

    \b
    Example:
      mekong simulate --phase V --seed 7 --out phase-v.jsonl --truth planted.jsonl
      mekong send phase-v.jsonl --format json --register
      mekong simulate --phase II --seed 1 | head -1
    """
    from mekong.producers.simulate import simulate as simulated

    event_id = _event_ids()
    found = simulated(name, seed, cases=cases, start=start.date() if start else None, planted=planted, event_id=event_id)
    _write(found, out, truth)
    _say(found, answered=event_id is not None)


def _event_ids() -> EventId | None:
    """How the deployment makes event ids, when its secret is known."""
    from mekong.schemas.errors import Refused
    from mekong.schemas.settings import settings
    from mekong.streams.core.intake.identity import Ids

    try:
        return Ids(settings().deployment_secret()).of
    except Refused:
        return None


def _write(found: Simulated, out: Path, truth: Path | None) -> None:
    from mekong.schemas.wire import encode

    with click.open_file(str(out), "wb") as file:
        for _, message in found.messages:
            file.write(encode(message) + b"\n")
    if truth:
        truth.write_bytes(b"".join(encode(planted) + b"\n" for planted in found.truth))


def _say(found: Simulated, *, answered: bool) -> None:
    """Counts on standard error, which leaves standard output to the messages."""
    seizures = len({message.case_no for _, message in found.messages if message.message_type == "seizure"})
    last = found.phase.start + timedelta(days=found.phase.days - 1)
    click.echo(
        f"{found.phase.code} simulated: {len(found.messages):,} messages, {seizures:,} cases of {len(found.members)} agencies, "
        f"{found.phase.start} to {last}, {len(found.truth)} things planted",
        err=True,
    )
    if not answered:
        click.echo("No stack and no MEKONG_SECRET: without event ids, feedback and references to other cases are left out.", err=True)
    if last > date.today():  # noqa: DTZ011 - whatever day it is for the user
        click.echo("Some of it lies in the future: the exchange will refuse that until the day has come.", err=True)
