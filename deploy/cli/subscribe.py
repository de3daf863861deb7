"""``mekong subscribe``: who hears of what, and by which channel."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from deploy.cli.terminal import say
from schemas.errors import Refused

if TYPE_CHECKING:
    from schemas.notifications import Delivery
    from schemas.settings import Settings
    from schemas.subscriptions import Subscription


@click.group()
def subscribe() -> None:
    """Subscribe to alerts and warnings, by webhook, by mail, or to read them as a stream.

    \b
    Example:
      mekong subscribe add duty-vn --member VN-CUSTOMS --mail duty@example.org --language vi
      mekong subscribe list
    """


@subscribe.command("add")
@click.argument("name", metavar="ID")
@click.option("--member", required=True, help="On whose behalf: it hears of what this member may see.")
@click.option("--webhook", metavar="URL", help="Send signed POSTs there.")
@click.option("--secret-name", metavar="NAME", help="Of the webhook: the notifier signs with MEKONG_WEBHOOK_SECRET_<NAME>.")
@click.option("--mail", metavar="ADDRESS", help="Send mails there.")
@click.option("--stream", is_flag=True, help="Send nothing: the subscriber reads server-sent events.")
@click.option("--agency", "agencies", multiple=True, help="Only of this agency; may be given again.")
@click.option("--group", "groups", multiple=True, help="Only of this commodity group; may be given again.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind of alert, as SPIKE or MAJOR; may be given again.")
@click.option("--tier", "tiers", multiple=True, help="Only this tier: NOTICE, SPIKE or SEVERE; may be given again.")
@click.option("--region", "regions", multiple=True, help="Only of agencies of this region; may be given again.")
@click.option("--language", type=click.Choice(["en", "vi", "zh"]), default="en", show_default=True, help="Of subject and text.")
@click.option("--budget", type=int, default=2, show_default=True, help="At most so many at once in 7 days; the rest comes in a digest.")
@click.option("--digest-hour", type=int, default=8, show_default=True, help="Hour of the member's day for digests and signs of life.")
@click.option("--quiet", metavar="HH:MM-HH:MM", help="Between these times of the member's day only SEVERE alerts go out.")
def add(
    name: str,
    member: str,
    webhook: str | None,
    secret_name: str | None,
    mail: str | None,
    stream: bool,
    agencies: tuple[str, ...],
    groups: tuple[str, ...],
    kinds: tuple[str, ...],
    tiers: tuple[str, ...],
    regions: tuple[str, ...],
    language: str,
    budget: int,
    digest_hour: int,
    quiet: str | None,
) -> None:
    """Add a subscription, or change the one of this id. Without a filter it hears of everything its member may see.

    \b
    Example:
      mekong subscribe add duty-vn --member VN-CUSTOMS --mail duty@example.org --language vi --quiet 22:00-06:00
      mekong subscribe add fusion --member LA-CUSTOMS --webhook https://hooks.example.org/mekong --secret-name FUSION --tier SEVERE
    """
    from deploy.subscriptions import checked, made, now, write
    from schemas.settings import settings
    from schemas.subscriptions import Subscription

    if [bool(webhook), bool(mail), stream].count(True) != 1:
        raise click.UsageError("give one of --webhook, --mail and --stream")
    if bool(webhook) != bool(secret_name):
        raise click.UsageError("--webhook and --secret-name belong together: what goes out is signed")
    channel: dict[str, str] = {"channel": "stream"}
    if webhook:
        channel = {"channel": "webhook", "url": webhook, "secret_name": str(secret_name)}
    elif mail:
        channel = {"channel": "mail", "to": mail}
    values = {
        "id": name,
        "member": member,
        "channel": channel,
        "filter": {"agencies": agencies, "commodity_groups": groups, **_in_capitals(kinds, tiers), "regions": regions},
        "language": language,
        "budget_per_week": budget,
        "digest_hour": digest_hour,
        "quiet": _quiet(quiet) if quiet else None,
        "changed_at": now(),
    }
    found = settings()
    write(found, checked(found, made(Subscription, values)))
    click.echo(f"{name}: hears of what {member} may see; `mekong subscribe test {name}` proves the channel")


@subscribe.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the subscriptions as JSON, with the figures of their deliveries.")
def list_subscriptions(as_json: bool) -> None:
    """List the subscriptions, how many notifications each got, and what could not be delivered.

    \b
    Example:
      mekong subscribe list
    """
    from deploy import subscriptions
    from deploy.cli.tables import show
    from schemas.settings import settings

    found = settings()
    known, told = subscriptions.subscriptions(found), subscriptions.told(found)
    last = {one.notification_id: one for one in told.deliveries}
    states = Counter((one.subscription, one.state.value) for one in last.values())
    waiting = Counter(one.subscription for one in told.notifications if one.notification_id not in last)
    if as_json:
        rows = [
            {
                **one.model_dump(mode="json"),
                "sent": states[name, "sent"],
                "retrying": states[name, "retrying"],
                "parked": states[name, "parked"],
            }
            for name, one in known.items()
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not known:
        click.echo("No subscription yet. `mekong subscribe add duty --member VN-CUSTOMS --stream` adds one.")
        return
    figures = ("sent", "retrying", "parked", "waiting")
    show(
        ["id", "state", "member", "channel", "hears of", "language", "a week", *figures],
        [
            [name, one.state, one.member, _channel(one), _filter(one), one.language, str(one.budget_per_week)]
            + [str(states[name, figure]) for figure in figures[:3]]
            + [str(waiting[name])]
            for name, one in known.items()
        ],
        frozenset({"a week", *figures}),
    )
    for one in last.values():
        if one.state.value == "parked":
            say(f"{one.subscription}: {one.notification_id} was not delivered: {one.detail}")


@subscribe.command("pause")
@click.argument("name", metavar="ID")
def pause(name: str) -> None:
    """Send nothing until `mekong subscribe resume`.

    \b
    Example:
      mekong subscribe pause duty-vn
    """
    _change(name, "paused")


@subscribe.command("resume")
@click.argument("name", metavar="ID")
def resume(name: str) -> None:
    """Send again to a paused subscription.

    \b
    Example:
      mekong subscribe resume duty-vn
    """
    _change(name, "active")


@subscribe.command("remove")
@click.argument("name", metavar="ID")
def remove(name: str) -> None:
    """Remove a subscription. What was not delivered yet is given up.

    \b
    Example:
      mekong subscribe remove duty-vn
    """
    _change(name, "removed")


@subscribe.command("test")
@click.argument("name", metavar="ID")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds to wait for the delivery.")
def test(name: str, wait_s: float) -> int:
    """Ask for a test notification, and say what became of it. Exit code 1 when it was not delivered.

    \b
    Example:
      mekong subscribe test duty-vn
    """
    from deploy.subscriptions import answer, subscription
    from schemas.settings import settings

    found = settings()
    before = len(_tests(found, subscription(found, name).id)[0])
    answer(found, {"subscription": name, "kind": "test"})
    deadline = time.monotonic() + wait_s
    while True:
        tests, deliveries = _tests(found, name)
        ended = [one for one in deliveries if one.notification_id in tests[before:]]
        if ended:
            last = ended[-1]
            say(f"{name}: {last.state.value} by {last.channel}" + (f": {last.detail}" if last.detail else ""))
            return 0 if last.state.value == "sent" else 1
        if time.monotonic() > deadline:
            doing = (
                "decided, but not delivered: is `mekong notify` running?"
                if tests[before:]
                else "not decided: is `mekong worker notify` running?"
            )
            click.echo(f"{name}: {doing}")
            return 1
        time.sleep(0.3)


def _tests(found: Settings, name: str) -> tuple[list[object], list[Delivery]]:
    """Ids of the test notifications of a subscription, oldest first, and all its deliveries."""
    from deploy.subscriptions import told
    from schemas.notifications import Reason

    so_far = told(found)
    ids: list[object] = [one.notification_id for one in so_far.notifications if one.subscription == name and one.reason is Reason.TEST]
    return ids, [one for one in so_far.deliveries if one.subscription == name]


def _change(name: str, state: str) -> None:
    from deploy.subscriptions import now, subscription, write
    from schemas.settings import settings

    found = settings()
    changed = subscription(found, name).model_copy(update={"state": state, "changed_at": now()})
    write(found, changed)
    click.echo(f"{name}: {state}")


def _in_capitals(kinds: tuple[str, ...], tiers: tuple[str, ...]) -> dict[str, list[str]]:
    return {"kinds": [one.upper() for one in kinds], "tiers": [one.upper() for one in tiers]}


def _quiet(text: str) -> dict[str, str]:
    start, _, end = text.partition("-")
    if start == end:
        raise Refused(f"--quiet {text!r}: the two times are the same, so no hour is quiet.")
    return {"start": start, "end": end}


def _channel(one: Subscription) -> str:
    channel = one.channel
    if channel.channel == "webhook":
        return channel.url
    return channel.to if channel.channel == "mail" else "stream"


def _filter(one: Subscription) -> str:
    parts = [part for values in one.filter.model_dump().values() for part in values]
    return " ".join(parts) or "everything"
