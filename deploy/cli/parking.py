"""``mekong park``, ``unpark`` and ``skip``: decide how one agency's topic is read on."""

from __future__ import annotations

from typing import Literal

import click


@click.command()
@click.argument("agency")
@click.option("--reason", required=True, help="Why, for whoever looks later.")
def park(agency: str, reason: str) -> None:
    """Read an agency's topic no more, until `mekong unpark`. What it sends stays in its topic meanwhile, for 30 days.

    Nobody waits for its clock: days over all members go on without it. All others are read as before.

    \b
    Example:
      mekong park VN-CUSTOMS --reason "its system sends the same file again and again"
    """
    click.echo(f"{_order(agency, 'park', reason)}: parked. `mekong unpark {agency}` reads it again.")


@click.command()
@click.argument("agency")
def unpark(agency: str) -> None:
    """Read an agency's topic again, from where it stood.

    \b
    Example:
      mekong unpark VN-CUSTOMS
    """
    click.echo(f"{_order(agency, 'unpark')}: read again from where it stood.")


@click.command()
@click.argument("agency")
@click.option("--to", "offset", type=click.IntRange(min=0), required=True, help="The next offset to read. It only goes forward.")
@click.option("--reason", required=True, help="Why, for whoever looks later.")
def skip(agency: str, offset: int, reason: str) -> None:
    """Leave out, for ever, all messages in an agency's topic before an offset: they get no receipt and are in no count.

    For a topic of which retention has deleted what was not read. `mekong status` names the offset at which it begins now.

    \b
    Example:
      mekong skip LA-CUSTOMS --to 10644 --reason "deleted by retention while intake was down"
    """
    click.echo(f"{_order(agency, 'skip', reason, offset)}: what is before {offset} is not read.")


def _order(agency: str, action: Literal["park", "unpark", "skip"], reason: str = "", to: int | None = None) -> str:
    from mekong.deploy.parking import give, topic_of
    from mekong.schemas.control import SourceOrder
    from mekong.schemas.settings import settings

    found = settings()
    topic = topic_of(found, agency)
    give(found, SourceOrder(agency=agency, topic=topic, action=action, reason=reason, to=to))
    return topic
