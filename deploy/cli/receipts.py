"""``mekong receipts``: shows the answers of the exchange, to one agency or to all agencies that the user may read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.address import settings_here, url_option
from mekong.deploy.cli.terminal import say, say_json

if TYPE_CHECKING:
    from mekong.producers.way import AnyMailbox
    from mekong.schemas.receipts import Receipt


@click.command()
@click.option("--agency", help="Only this agency's. Without it those of all agencies that you may read.")
@click.option("--follow", "-f", is_flag=True, help="From now on, as they come, until Ctrl-C. Without it: all there are.")
@click.option("--rejected", is_flag=True, help="Only what was rejected.")
@click.option("--summary", is_flag=True, help="How the feed is, instead of the receipts. Exit code 1 when a person should look at it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as on the topic.")
@url_option
def receipts(agency: str | None, follow: bool, rejected: bool, summary: bool, as_json: bool) -> int:
    """Show receipts, those of one agency in their order; or with --summary how the feed is.

    The summary compares an agency with its own past: the rejected part, days without a message, codes that keep failing, and the days
    from the seizure to the report.

    \b
    Example:
      mekong receipts --agency VN-CUSTOMS --follow
      mekong receipts --rejected --json
      mekong receipts --agency VN-CUSTOMS --summary
      MEKONG_TOKEN=... mekong receipts --follow --url https://exchange.example.org
    """
    from mekong.producers.way import open_mailbox

    if summary and (follow or rejected):
        raise click.UsageError("--summary shows no receipts: leave out --follow and --rejected.")
    with open_mailbox(settings_here()) as mailbox:
        wanted = _wanted(mailbox, agency)
        if summary:
            return _summarise(mailbox, wanted, as_json=as_json)
        _show(_each(mailbox, list(wanted.values()), follow=follow), rejected=rejected, as_json=as_json)
    return 0


def _wanted(mailbox: AnyMailbox, agency: str | None) -> dict[str, str]:
    """Agency -> its topic. Raises Refused when there is none."""
    from mekong.schemas.errors import Refused

    topics = mailbox.agencies()
    if agency is not None and agency not in topics:
        raise Refused(f"{agency} is not registered here, or you may not read its receipts (`mekong agency list`).")
    if not topics:
        raise Refused("no agency is registered here yet (`mekong agency add`).")
    return {agency: topics[agency]} if agency is not None else topics


def _summarise(mailbox: AnyMailbox, wanted: dict[str, str], *, as_json: bool) -> int:
    """Show the health of each agency's feed; the exit code."""
    from datetime import UTC, datetime

    from mekong.producers.health import read_health
    from mekong.schemas.feed_words import feed_lines

    is_well = True
    for code, health in read_health(mailbox, wanted, datetime.now(UTC)).items():
        is_well = is_well and health.is_well
        if as_json:
            say_json(json.dumps({"agency": code, **health.model_dump(mode="json")}))
            continue
        say(f"{code}: {'well' if health.is_well else 'look at this'}")
        for line in feed_lines(health):
            say(f"  {'! ' if line.needs_a_look else '  '}{line.text}")
    return 0 if is_well else 1


def _show(found: Iterator[Receipt], *, rejected: bool, as_json: bool) -> None:
    from mekong.schemas.receipts import Outcome
    from mekong.schemas.rejected import Reason
    from mekong.schemas.wire import encode

    shown = 0
    for receipt in found:
        if not rejected or (receipt.outcome is Outcome.REJECTED and receipt.reason is not Reason.TEST_MESSAGE):
            shown += 1
            if as_json:
                say_json(encode(receipt).decode())
            else:
                say(line_of(receipt))
    if not shown and not as_json:
        click.echo("Nothing was rejected." if rejected else "No receipt yet.")


def _each(mailbox: AnyMailbox, agencies: list[str], *, follow: bool) -> Iterator[Receipt]:
    """The receipts as they arrive, without an end, or all that exist now."""
    from mekong.schemas.topics import receipts_of

    mailbox.follow(agencies, None if follow else dict.fromkeys(map(receipts_of, agencies), 0))
    for found in iter(lambda: mailbox.poll(0.5), None) if follow else mailbox.to_end():
        yield from found


def line_of(receipt: Receipt) -> str:
    """A receipt for people: when, who, which case, what became of it and why."""
    from mekong.schemas.rejected import Reason

    said = f"{receipt.received_at:%Y-%m-%d %H:%M:%S}  {receipt.agency}  {receipt.case_no or '(no case number)'}  "
    if receipt.reason is Reason.TEST_MESSAGE:
        return f"{said}test  {receipt.detail}"
    said += receipt.outcome.value
    if receipt.version is not None:
        said += f" v{receipt.version}"
    if receipt.reason is not None:
        said += f"  {receipt.reason!s} ({receipt.field}): {receipt.detail}"
    return said + "".join(f"  [notice {notice.code} ({notice.field}): {notice.detail}]" for notice in receipt.warnings)
