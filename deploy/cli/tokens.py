"""``mekong agency token``: makes, lists and revokes the tokens of an agency, and the links that show one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mekong.deploy.activations import Standing
    from mekong.schemas.tokens import Scope

_BOTH: tuple[Scope, ...] = ("send", "read")
_scope = click.option("--scope", "scopes", type=click.Choice(_BOTH), multiple=True, help="Only this; may be given again. Default: both.")


@click.group()
def token() -> None:
    """Make, list and revoke the tokens with which an agency's programs use the HTTPS address (`mekong gateway`).

    \b
    Example:
      mekong agency token link VN-CUSTOMS --url https://exchange.example.org
      mekong agency token revoke VN-CUSTOMS 1f9a02cc
    """


@token.command("add")
@click.argument("code")
@_scope
def add_token(code: str, scopes: tuple[Scope, ...]) -> None:
    """Make a token and print it, once: the register keeps only its hash. An agency has two at most, so that one can replace the other.

    \b
    Example:
      mekong agency token add VN-CUSTOMS
      mekong agency token add VN-CUSTOMS --scope send
    """
    from mekong.deploy.tokens import add_token as make
    from mekong.schemas.settings import settings

    made = make(settings(), code, dict.fromkeys(scopes or _BOTH))
    click.echo(made.text)
    click.echo(f"Token {made.token.id} of {code}, for {' and '.join(made.token.scopes)}. It is not shown again.", err=True)


@token.command("link")
@click.argument("code")
@click.option("--url", default="", help="The HTTPS address of the exchange. Default: MEKONG_URL.")
@_scope
def link(code: str, url: str, scopes: tuple[Scope, ...]) -> None:
    """Make a link that shows a token once, within 72 hours, and print it. You never see the token itself.

    Send the link to the agency by a way that only it reads. A link counts as a token: an agency has two at most of both.

    \b
    Example:
      mekong agency token link VN-CUSTOMS --url https://exchange.example.org
    """
    from mekong.deploy.activations import add_link
    from mekong.schemas.settings import settings

    known = settings()
    if not (url or known.url):
        raise click.UsageError("Name the HTTPS address of the exchange: --url https://exchange.example.org")
    made = add_link(known, code, dict.fromkeys(scopes or _BOTH), url or known.url)
    click.echo(made.address)
    until = f"until {made.link.expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"Link {made.link.id} of {code} works once, {until}. It is not shown again.", err=True)


@token.command("list")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_tokens(code: str, as_json: bool) -> None:
    """List the tokens of an agency and its links that are not used, by their ids. Nobody can read a token or a link itself again.

    \b
    Example:
      mekong agency token list VN-CUSTOMS
    """
    from mekong.deploy.activations import standing
    from mekong.deploy.cli.tables import show
    from mekong.schemas.settings import settings

    rows = _rows(standing(settings(), code))
    if as_json:
        click.echo(json.dumps(rows))
    elif rows:
        times = [[one["made_at"][:16], one.get("expires_at", "")[:16]] for one in rows]
        shown = [[one["id"], one["state"], " ".join(one["scopes"]), *both] for one, both in zip(rows, times, strict=True)]
        show(["id", "what", "for", "made at (UTC)", "until (UTC)"], shown)
    else:
        click.echo(f"{code} has no token. `mekong agency token add {code}` makes one.")


@token.command("revoke")
@click.argument("code")
@click.argument("token_id", metavar="ID")
def revoke_token(code: str, token_id: str) -> int:
    """End a token or a link within seconds. Exit code 1 when the agency has none with this id.

    \b
    Example:
      mekong agency token revoke VN-CUSTOMS 1f9a02cc
    """
    from mekong.deploy.tokens import revoke_token as revoke
    from mekong.schemas.settings import settings

    done = revoke(settings(), code, token_id)
    click.echo(f"Token {token_id} of {code} is revoked." if done else f"{code} has no token {token_id}.")
    return 0 if done else 1


def _rows(found: Standing) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    rows = []
    for one in found.tokens:
        state = "token of a used link" if one.id in found.from_links else "token"
        rows.append({**one.model_dump(mode="json", exclude={"digest"}), "state": state})
    for link in found.links:
        state = "open link" if now < link.expires_at else "expired link"
        rows.append({**link.model_dump(mode="json", exclude={"digest"}), "state": state})
    return rows
