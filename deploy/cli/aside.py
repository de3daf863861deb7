"""``mekong aside``: shows and handles records on which a worker's code fails."""

from __future__ import annotations

import json
import sys

import click

SETTING_ASIDE = ("watch", "network", "share", "notify")
"""The workers after intake. Intake itself answers with a receipt instead."""


@click.group()
def aside() -> None:
    """See the records that a worker has set aside because its code fails on them, and process them again.

    \b
    Example:
      mekong aside list
      mekong aside retry share
    """


@aside.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(as_json: bool) -> None:
    """List what is set aside: which worker, whose case, why, and since when.

    The worker goes on without such a record, and without the later versions of the same case (column `later`). The text of the
    failure is in the worker's log, at the same time.

    \b
    Example:
      mekong aside list
      mekong aside list --json
    """
    from mekong.deploy.aside import all_aside
    from mekong.deploy.cli.tables import show
    from mekong.schemas.settings import settings

    groups = all_aside(settings())
    if as_json:
        for group in groups:
            click.echo(json.dumps({**group.first.model_dump(mode="json", exclude_none=True), "why": group.why, "later": group.later}))
        return
    if not groups:
        click.echo("nothing is set aside")
        return
    rows = [
        [
            group.first.at.strftime("%Y-%m-%d %H:%M"),
            group.first.stage,
            group.first.agency or "",
            group.first.case_no or f"{group.first.source_topic}/{group.first.source_partition} {group.first.source_offset}",
            str(group.later),
            group.why,
        ]
        for group in groups
    ]
    show(["since", "worker", "agency", "case or place", "later", "why"], rows, frozenset({"later"}))


@aside.command()
@click.argument("worker", type=click.Choice(SETTING_ASIDE))
def retry(worker: str) -> None:
    """Process again what a worker has set aside, once code is deployed that does not fail on it.

    A local stack holds its worker meanwhile; elsewhere stop all of them first. The records of one case or alert are processed together, in
    their order, after all that the worker has read. What still fails stays aside (exit code 1).

    Profiles, subscriptions, answers, and ticks without counts of messages are only removed from the list: later ones have replaced them,
    or you send them again.

    \b
    Example:
      mekong aside retry share
    """
    from mekong.deploy.cli.log import begin_log
    from mekong.deploy.cli.processes import held
    from mekong.schemas.settings import settings
    from mekong.streams.agents import AGENTS
    from mekong.streams.retry import retry as retry_all

    found = settings()
    begin_log(found, f"aside retry {worker}")
    with held(found, worker):
        taken = retry_all(AGENTS[worker](found), found)
    click.echo(f"{worker}: {taken.again:,} taken up again, {taken.still:,} still aside, {taken.over:,} off the list")
    if taken.still:
        sys.exit(1)
