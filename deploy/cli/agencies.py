"""``mekong agency``: adds and shows the agencies of this deployment."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.kit import kit
from mekong.deploy.cli.tokens import token

if TYPE_CHECKING:
    from mekong.schemas.control import AgencyProfile

_SAID = ("name", "kind", "country", "utc_offset", "zone")


@click.group(commands=[kit, token])
def agency() -> None:
    """Add, change, disable, remove and list the agencies of this deployment.

    \b
    Example:
      mekong agency add VN-CUSTOMS
    """


@agency.command("add")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--name", default="", help="Its name in English. For an agency that is not on the code list.")
@click.option("--kind", type=click.Choice(["customs", "police", "other"]), help="What it is.")
@click.option("--country", default="", help="Two letters of ISO 3166, as VN.")
@click.option("--zone", default="", metavar="NAME", help="Its time zone, as Asia/Ho_Chi_Minh: its day ends by that.")
@click.option("--utc-offset", default="", help="Its distance from UTC, as +07:00, where it has no time zone of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print what was added as JSON.")
def add_agency(codes: tuple[str, ...], name: str, kind: str | None, country: str, zone: str, utc_offset: str, as_json: bool) -> None:
    """Add agencies: their topics and their profile. Adding one again with other values changes it.

    Agencies of the code list are known by their code; for another one say what it is.

    \b
    Example:
      mekong agency add VN-CUSTOMS LA-CUSTOMS
      mekong agency add TH-BORDER-PATROL --name "Border Patrol Police" --kind police --country TH --zone Asia/Bangkok
    """
    from mekong.deploy.profiles import Given
    from mekong.deploy.registry import Registry, profile_of
    from mekong.deploy.registry import changed as change_register
    from mekong.schemas.settings import settings

    given = Given(name=name, kind=kind or "", country=country, utc_offset=utc_offset, zone=zone)
    if len(codes) > 1 and any(given):
        raise click.UsageError("--name, --kind, --country, --zone and --utc-offset are of one agency: add it by itself.")
    profiles = [profile_of(code, given) for code in codes]
    before: dict[str, AgencyProfile] = {}
    after: dict[str, AgencyProfile] = {}

    def add(registry: Registry) -> list[str]:
        before.update(registry.agencies)
        written = registry.add_agencies(profiles)
        after.update(registry.agencies)
        return written

    written = change_register(settings(), add)
    if as_json:
        click.echo(json.dumps(_sorted_out(codes, written, before)))
        return
    for code in codes:
        click.echo(f"{code}: {_became(code, before, after) if code in written else 'is there already'}")


@agency.command("rename")
@click.argument("code")
@click.option("--name", required=True, help="Its name in English from now on.")
def rename_agency(code: str, name: str) -> None:
    """Give an agency another name. Its code stays: topics and event ids are made with it.

    \b
    Example:
      mekong agency rename TH-BORDER-PATROL --name "Border Patrol Police Bureau"
    """
    _changed(code, "named so already", name=name)


@agency.command("disable")
@click.argument("code")
@click.option("--reason", required=True, help="Why. The agency reads it in the receipts of what it sends.")
def disable_agency(code: str, reason: str) -> None:
    """Reject what an agency sends from now on, with the reason, until `mekong agency enable`. Nobody waits for its clock.

    \b
    Example:
      mekong agency disable VN-CUSTOMS --reason "its key was stolen"
    """
    _changed(code, "disabled already", status="disabled", reason=reason)


@agency.command("enable")
@click.argument("code")
def enable_agency(code: str) -> None:
    """Take what an agency sends again, after `mekong agency disable` or `remove`. What was rejected meanwhile it sends again.

    \b
    Example:
      mekong agency enable VN-CUSTOMS
    """
    _changed(code, "enabled already", status="active", reason="")


@agency.command("remove")
@click.argument("code")
@click.option("--reason", required=True, help="Why. The agency reads it in the receipts of what it sends.")
def remove_agency(code: str, reason: str) -> None:
    """End an agency's part in this deployment. Its cases, topics and receipts stay; what it sends is rejected, and its clock stops.

    \b
    Example:
      mekong agency remove VN-BIENPHONG --reason "merged into VN-CUSTOMS"
    """
    _changed(code, "removed already", status="removed", reason=reason)


def _changed(code: str, no_change: str, **fields: str) -> None:
    from mekong.deploy.registry import changed
    from mekong.schemas.settings import settings

    written = changed(settings(), lambda registry: registry.change(code, **fields))
    said = ", ".join(f"{field} is now {value}" for field, value in fields.items() if value)
    click.echo(f"{code}: {said}" if written else f"{code}: {no_change}")


@agency.command("list")
@click.option("--known", is_flag=True, help="All of the code list, whether added here or not.")
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON.")
def list_agencies(known: bool, as_json: bool) -> None:
    """List the agencies of this deployment, or with --known all that the code list has.

    \b
    Example:
      mekong agency list
    """
    from mekong.deploy import registry
    from mekong.deploy.cli.tables import show
    from mekong.schemas.codes import code_list
    from mekong.schemas.settings import settings

    found = [registry.profile_of(code) for code in code_list("agencies")] if known else registry.list_agencies(settings())
    if as_json:
        click.echo(json.dumps([profile.model_dump(mode="json", exclude={"message_type", "members"}) for profile in found]))
        return
    if not found:
        click.echo("No agency yet. `mekong agency add VN-CUSTOMS` adds one; `mekong agency list --known` shows the code list.")
        return
    rows = [
        [one.agency, one.status, one.kind, one.country, one.place, one.name, " ".join(part.phase for part in one.memberships)]
        for one in found
    ]
    show(["agency", "status", "kind", "country", "day ends", "name", "phases"], rows)


def _sorted_out(codes: Iterable[str], written: list[str], before: Container[str]) -> dict[str, list[str]]:
    return {
        "added": [code for code in written if code not in before],
        "changed": [code for code in written if code in before],
        "unchanged": [code for code in codes if code not in written],
    }


def _became(code: str, before: dict[str, AgencyProfile], after: dict[str, AgencyProfile]) -> str:
    if code in before:
        return f"changed, {_change(before[code], after[code])}"
    return f"added; it sends on in.{code}.v1 and reads receipts.{code}.v1"


def _change(before: AgencyProfile, after: AgencyProfile) -> str:
    changes = [(field, getattr(before, field), getattr(after, field)) for field in _SAID]
    said = [f"{field.replace('_', '-')} {was} is now {now}" for field, was, now in changes if was != now]
    return ", ".join([*said, *(["its phases"] if before.memberships != after.memberships else [])])
