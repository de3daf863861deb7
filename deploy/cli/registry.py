"""``mekong agency`` and ``mekong phase``: who takes part in this deployment, and in what."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from schemas.control import AgencyProfile

_SAID = ("name", "kind", "country", "utc_offset")


@click.group()
def agency() -> None:
    """Add and list the agencies of this deployment.

    \b
    Example:
      mekong agency add VN-CUSTOMS
      mekong agency list
    """


@agency.command("add")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--name", default="", help="Its name in English. For an agency that is not on the code list.")
@click.option("--kind", type=click.Choice(["customs", "police", "other"]), help="What it is.")
@click.option("--country", default="", help="Two letters of ISO 3166, as VN.")
@click.option("--utc-offset", default="", help="When its day ends, as +07:00.")
@click.option("--json", "as_json", is_flag=True, help="Print what was added as JSON.")
def add_agency(codes: tuple[str, ...], name: str, kind: str | None, country: str, utc_offset: str, as_json: bool) -> None:
    """Add agencies: their topics and their profile. Adding one again with other values changes it.

    Agencies of the code list are known by their code; for another one say what it is.

    \b
    Example:
      mekong agency add VN-CUSTOMS LA-CUSTOMS
      mekong agency add TH-BORDER-PATROL --name "Border Patrol Police" --kind police --country TH --utc-offset +07:00
    """
    from deploy.profiles import Given
    from deploy.registry import Registry, profile_of
    from schemas.settings import settings

    given = Given(name=name, kind=kind or "", country=country, utc_offset=utc_offset)
    if len(codes) > 1 and any(given):
        raise click.UsageError("--name, --kind, --country and --utc-offset are of one agency: add it by itself.")
    profiles = [profile_of(code, given) for code in codes]
    with Registry.opened(settings()) as registry:
        before = dict(registry.agencies)
        written = registry.add_agencies(profiles)
        after = registry.agencies
    if as_json:
        changed = [code for code in written if code in before]
        added = [code for code in written if code not in before]
        click.echo(json.dumps({"added": added, "changed": changed, "unchanged": [code for code in codes if code not in written]}))
        return
    for code in codes:
        if code not in written:
            click.echo(f"{code}: is there already")
        elif code in before:
            change = _change(before[code], after[code])
            click.echo(f"{code}: changed, {change}" if change else f"{code}: written again, as a change before was interrupted")
        else:
            click.echo(f"{code}: added; it sends on in.{code}.v1 and reads receipts.{code}.v1")


@agency.command("list")
@click.option("--known", is_flag=True, help="All of the code list, whether added here or not.")
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON.")
def list_agencies(known: bool, as_json: bool) -> None:
    """List the agencies of this deployment, or with --known all that the code list has.

    \b
    Example:
      mekong agency list
    """
    from deploy import registry
    from deploy.cli.tables import show
    from schemas.codes import code_list
    from schemas.settings import settings

    found = [registry.profile_of(code) for code in code_list("agencies")] if known else registry.list_agencies(settings())
    if as_json:
        click.echo(json.dumps([profile.model_dump(mode="json", exclude={"message_type"}) for profile in found]))
        return
    if not found:
        click.echo("No agency yet. `mekong agency add VN-CUSTOMS` adds one; `mekong agency list --known` shows the code list.")
        return
    rows = [
        [one.agency, one.kind, one.country, one.utc_offset, one.name, " ".join(part.phase for part in one.memberships)] for one in found
    ]
    show(["agency", "kind", "country", "day ends", "name", "phases"], rows)


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
    from deploy import registry
    from schemas.settings import settings

    roles = {agency: role or "member" for agency, _, role in (member.partition("=") for member in members)}
    wanted = registry.Phase(
        code=code,
        operation=operation,
        name=name or code,
        starts_on=starts.date(),
        ends_on=ends.date(),
        commodity_groups=groups,
        members=roles,
    )
    written = registry.add_phase(settings(), wanted)
    if as_json:
        click.echo(json.dumps({"phase": wanted.model_dump(mode="json"), "profiles": written}))
        return
    members_and_profiles = f"{_counted(len(roles), 'member')}; {_counted(len(written), 'profile')}"
    click.echo(f"{code}: {wanted.starts_on} to {wanted.ends_on}, {members_and_profiles} of this deployment written again.")


@phase.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the phases as JSON.")
def list_phases(as_json: bool) -> None:
    """List the phases of the code lists and those added to this deployment.

    \b
    Example:
      mekong phase list
    """
    from deploy import registry
    from deploy.cli.tables import show
    from schemas.settings import settings

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


def _change(before: AgencyProfile, after: AgencyProfile) -> str:
    changes = [(field, getattr(before, field), getattr(after, field)) for field in _SAID]
    said = [f"{field.replace('_', '-')} {was} is now {now}" for field, was, now in changes if was != now]
    return ", ".join([*said, *(["its phases"] if before.memberships != after.memberships else [])])


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _today() -> date:
    return datetime.now(UTC).date()
