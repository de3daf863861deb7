"""``mekong receipts``: what the exchange has answered, to one agency or to all that one may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.cli.terminal import say

if TYPE_CHECKING:
    from schemas.receipts import Receipt


@click.command()
@click.option("--agency", help="Only this agency's. Without it those of all agencies that you may read.")
@click.option("--follow", "-f", is_flag=True, help="From now on, as they come, until Ctrl-C. Without it: all there are.")
@click.option("--rejected", is_flag=True, help="Only what was rejected.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as on the topic.")
def receipts(agency: str | None, follow: bool, rejected: bool, as_json: bool) -> None:
    """Show receipts, those of one agency in their order.

    \b
    Example:
      mekong receipts --agency VN-CUSTOMS --follow
      mekong receipts --rejected --json
    """
    from producers.receipts import Mailbox
    from schemas.errors import Refused
    from schemas.patience import Patience
    from schemas.receipts import Outcome
    from schemas.settings import settings
    from schemas.topics import receipts_of
    from schemas.wire import encode

    with Mailbox(settings()) as mailbox:
        topics = mailbox.agencies()
        if agency is not None and agency not in topics:
            raise Refused(f"{agency} is not registered here, or you may not read its receipts (`mekong agency list`).")
        wanted = [topics[agency]] if agency is not None else list(topics.values())
        if not wanted:
            raise Refused("no agency is registered here yet (`mekong agency add`).")
        mailbox.follow(wanted, None if follow else dict.fromkeys(map(receipts_of, wanted), 0))
        ends, patience, seen, shown = mailbox.ends(), Patience("read receipts"), 0, 0
        while follow or mailbox.behind(ends):
            found = mailbox.poll(0.5)
            seen += len(found)
            if not found and not follow:
                patience.look(seen)
            for receipt in found:
                if not rejected or receipt.outcome is Outcome.REJECTED:
                    shown += 1
                    if as_json:
                        click.echo(encode(receipt).decode())
                    else:
                        say(line(receipt))
    if not shown and not as_json:
        click.echo("Nothing was rejected." if rejected else "No receipt yet.")


def line(receipt: Receipt) -> str:
    """A receipt for people: when, who, which case, what became of it and why."""
    said = f"{receipt.received_at:%Y-%m-%d %H:%M:%S}  {receipt.agency}  {receipt.case_no or '(no case number)'}  {receipt.outcome.value}"
    if receipt.version is not None:
        said += f" v{receipt.version}"
    if receipt.reason is not None:
        said += f"  {receipt.reason.value} ({receipt.field}): {receipt.detail}"
    return said + "".join(f"  [notice {notice.code} ({notice.field}): {notice.detail}]" for notice in receipt.warnings)
