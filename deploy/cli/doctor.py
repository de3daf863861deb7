"""``mekong doctor``: tries each step from this machine to a receipt, and names the first one that fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.address import is_over_https, settings_here, url_option
from mekong.deploy.cli.terminal import say

if TYPE_CHECKING:
    from mekong.producers.doctor import Found


@click.command()
@click.option("--agency", help="The agency that sends from this machine. Over HTTPS the token names it.")
@url_option
def doctor(agency: str | None) -> int:
    """Try each step from this machine to a receipt, and say what fails, why, and what to ask whom for.

    It looks at the settings, then tries the name, the port, TLS, the login, each broker, the rights to the agency's topics, a test
    message with its receipt, and the clock. With --url it does the same over HTTPS: the name, the port, the proxy, TLS, the token and
    its rights, a test message with its receipt, and the clock. It takes a few seconds. The exchange keeps nothing of the test message:
    no count, alert or case changes. Exit code 0 when all is well, 1 when a step failed.

    \b
    Example:
      mekong doctor --agency VN-CUSTOMS
      mekong doctor --url https://exchange.example.org
    """
    import logging
    from datetime import UTC, datetime

    from mekong.producers.doctor import HTTPS_STEPS, STEPS, examine, examine_https
    from mekong.schemas.errors import Refused
    from mekong.schemas.settings import settings

    logging.getLogger("kafka").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    here = settings_here() if is_over_https() else None
    if here is not None:
        return _show(examine_https(here, agency, lambda: datetime.now(UTC)), HTTPS_STEPS, agency or "This machine")
    if agency is None:
        raise Refused("Name the agency: mekong doctor --agency VN-CUSTOMS. Over HTTPS: mekong doctor --url https://exchange.example.org")
    return _show(examine(settings, agency, lambda: datetime.now(UTC)), STEPS, agency)


def _show(results: Iterable[Found], steps: Sequence[str], who: str) -> int:
    done = 0
    for found in results:
        done += 1
        say(f"{found.step:<10}{found.result:<8}{found.said}")
        asks = found
        if found.ask:
            say(f"{'':<18}Ask {found.ask}.")
    if asks.result != "FAILED":
        click.echo(f"\n{who} can send and receive.")
        return 0
    if rest := steps[done:]:
        click.echo(f"{'':<10}{'':<8}Not tried: {', '.join(rest)}.")
    click.echo(f"\n{who} cannot send yet: {asks.step} failed.")
    return 1
