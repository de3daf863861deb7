"""``mekong phase``: declares the operations in which the agencies of this deployment take part."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mekong.deploy.registry import Phase


@click.group()
def phase() -> None:
    """Add and list the phases of operations.

    \b
    Example:
      mekong phase list
    """


@phase.command("add")
@click.argument("code")
@click.option("--operation", required=True, help="The operation it belongs to, as OMD.")
@click.option("--name", default="", help="Its name in English; the code when it has none.")
@click.option("--starts", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Its first day.")
@click.option("--ends", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Its last day.")
@click.option("--group", "groups", multiple=True, help="A commodity group in scope; may be given again. None: all.")
@click.option(
    "--member", "members", multiple=True, metavar="AGENCY[=ROLE]", help="An agency that takes part, a member unless a role is given."
)
@click.option("--json", "as_json", is_flag=True, help="Print the phase, and the profiles that were written, as JSON.")
def add_phase(
    code: str,
    operation: str,
    name: str,
    starts: datetime,
    ends: datetime,
    groups: tuple[str, ...],
    members: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add a phase to this deployment, and to the profile of every member. Adding it again with other values changes it.

    \b
    Example:
      mekong phase add OMD-VIII --operation OMD --starts 2027-04-15 --ends 2027-09-15 \\
        --group drug --group fauna --member VN-CUSTOMS=coordinator --member LA-CUSTOMS
    """
    from mekong.deploy import registry
    from mekong.schemas.settings import settings

    wanted = registry.Phase(
        code=code,
        operation=operation,
        name=name or code,
        starts_on=starts.date(),
        ends_on=ends.date(),
        commodity_groups=groups,
        members=_roles(members),
    )
    written = registry.add_phase(settings(), wanted)
    as_data = {"phase": wanted.model_dump(mode="json"), "profiles": written}
    click.echo(json.dumps(as_data) if as_json else _added(wanted, len(written)))


@phase.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the phases as JSON.")
def list_phases(as_json: bool) -> None:
    """List the phases of the code lists and those added to this deployment.

    \b
    Example:
      mekong phase list
    """
    from mekong.deploy import registry
    from mekong.deploy.cli.tables import show
    from mekong.schemas.settings import settings

    today = _today()
    found = registry.list_phases(settings())
    if as_json:
        click.echo(json.dumps([{**one.model_dump(mode="json"), "status": one.status_on(today)} for one in found]))
        return
    rows = [
        [one.code, one.operation, str(one.starts_on), str(one.ends_on), one.status_on(today), " ".join(one.commodity_groups)]
        for one in found
    ]
    show(["phase", "operation", "first day", "last day", "status", "commodity groups"], rows)


def _added(phase: Phase, profiles: int) -> str:
    members = _counted(len(phase.members), "member")
    return (
        f"{phase.code}: {phase.starts_on} to {phase.ends_on}, {members}; {_counted(profiles, 'profile')} of this deployment written again."
    )


def _roles(members: tuple[str, ...]) -> dict[str, str]:
    """The roles from ``AGENCY`` and ``AGENCY=ROLE``."""
    return {agency: role or "member" for agency, _, role in (member.partition("=") for member in members)}


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _today() -> date:
    return datetime.now(UTC).date()
