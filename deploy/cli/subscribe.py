"""``mekong subscribe``: adds, changes and lists subscriptions, that is who receives which alerts by which channel."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from mekong.deploy.cli.channel_options import WithChannels, channel_of
from mekong.deploy.cli.terminal import say, say_json
from mekong.schemas.errors import Refused
from mekong.schemas.languages import LANGUAGES

if TYPE_CHECKING:
    from mekong.deploy.subscriptions import NotificationHistory
    from mekong.schemas.notifications import Delivery
    from mekong.schemas.settings import Settings
    from mekong.schemas.subscriptions import Subscription

Names = tuple[str, ...]
_FILTERS = ("agencies", "groups", "kinds", "tiers", "regions")
_DELIVERED = ("sent", "retrying", "parked")
"""The states of notifications that are counted."""


@click.group()
def subscribe() -> None:
    """Subscribe to alerts and warnings, by one of the channels.

    \b
    Example:
      mekong subscribe add duty-vn --member VN-CUSTOMS --mail duty@example.org --language vi
      mekong subscribe list
    """


@subscribe.command("add", cls=WithChannels)
@click.argument("name", metavar="ID")
@click.option("--member", required=True, help="The member that this subscription belongs to: it receives what this member may see.")
@click.option("--agency", "agencies", multiple=True, help="Only of this agency; may be given again.")
@click.option("--group", "groups", multiple=True, help="Only of this commodity group; may be given again.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind of alert, as SPIKE or MAJOR; may be given again.")
@click.option("--tier", "tiers", multiple=True, help="Only this tier: NOTICE, SPIKE or SEVERE; may be given again.")
@click.option("--region", "regions", multiple=True, help="Only of agencies of this region; may be given again.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of subject and text.")
@click.option("--budget", type=int, default=2, show_default=True, help="At most so many at once in 7 days; the rest comes in a digest.")
@click.option("--digest-hour", type=int, default=8, show_default=True, help="Hour of the member's day for digests and signs of life.")
@click.option("--quiet", metavar="HH:MM-HH:MM", help="Between these times of the member's day only SEVERE alerts go out.")
@click.option("--weekly/--no-weekly", default=None, help="The summary of the week, on Monday at --digest-hour. By default a mail gets it.")
def add(
    name: str,
    member: str,
    language: str,
    budget: int,
    digest_hour: int,
    quiet: str | None,
    weekly: bool | None,
    **options: Any,
) -> None:
    """Add a subscription, or change the one of this id. Without a filter it receives everything that its member may see.

    \b
    Example:
      mekong subscribe add duty-vn --member VN-CUSTOMS --mail duty@example.org --language vi --quiet 22:00-06:00
      mekong subscribe add fusion --member LA-CUSTOMS --webhook https://hooks.example.org/mekong --secret-name LA_CUSTOMS --tier SEVERE
    """
    from mekong.deploy.subscriptions import checked, made, now, write
    from mekong.schemas.settings import settings
    from mekong.schemas.subscriptions import Subscription

    values = {
        "id": name,
        "member": member,
        "channel": channel_of(options),
        "filter": _filter_of(**{name: options[name] for name in _FILTERS}),
        "language": language,
        "budget_per_week": budget,
        "digest_hour": digest_hour,
        "quiet": _quiet(quiet) if quiet else None,
        "weekly": weekly,
        "changed_at": now(),
    }
    found = settings()
    write(found, checked(found, made(Subscription, values)))
    click.echo(f"{name}: receives what {member} may see; `mekong subscribe test {name}` proves the channel")


@subscribe.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the subscriptions as JSON, with the figures of their deliveries.")
def list_subscriptions(as_json: bool) -> None:
    """List the subscriptions, how many notifications each got, and what could not be delivered.

    \b
    Example:
      mekong subscribe list
    """
    from mekong.deploy import subscriptions
    from mekong.schemas.settings import settings

    found = settings()
    known, history = subscriptions.subscriptions(found), subscriptions.notification_history(found)
    last = {one.notification_id: one for one in history.deliveries}
    states = Counter((one.subscription, one.state.value) for one in last.values())
    waiting = Counter(one.subscription for one in history.notifications if one.notification_id not in last)
    if as_json:
        rows = [one.model_dump(mode="json") | {state: states[name, state] for state in _DELIVERED} for name, one in known.items()]
        say_json(json.dumps(rows, ensure_ascii=False))
    elif not known:
        click.echo("No subscription yet. `mekong subscribe add duty --member VN-CUSTOMS --stream` adds one.")
    else:
        _show_table(known, history, states, waiting)
        for one in last.values():
            if one.state.value == "parked":
                say(f"{one.subscription}: {one.notification_id} was not delivered: {one.detail}")


def _show_table(
    known: Mapping[str, Subscription], history: NotificationHistory, states: Counter[tuple[str, str]], waiting: Counter[str]
) -> None:
    from mekong.deploy.cli.tables import show

    figures = (*_DELIVERED, "waiting")
    show(
        ["id", "state", "member", "channel", "receives", "language", "a week", *figures],
        [
            [name, _state(one, history.deliveries), one.member, one.channel.target, _filter(one), one.language, str(one.budget_per_week)]
            + [str(states[name, figure]) for figure in _DELIVERED]
            + [str(waiting[name])]
            for name, one in known.items()
        ],
        frozenset({"a week", *figures}),
    )


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
    """Remove a subscription. What was not delivered yet is parked at once.

    \b
    Example:
      mekong subscribe remove duty-vn
    """
    _change(name, "removed")


@subscribe.command("test")
@click.argument("name", metavar="ID")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds to wait for the delivery.")
def test(name: str, wait_s: float) -> int:
    """Ask for a test notification, and show what became of it. Exit code 1 when it was not delivered.

    \b
    Example:
      mekong subscribe test duty-vn
    """
    from mekong.deploy.subscriptions import answer, subscription
    from mekong.schemas.settings import settings

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
    from mekong.deploy.subscriptions import notification_history
    from mekong.schemas.notifications import Reason

    so_far = notification_history(found)
    ids: list[object] = [one.notification_id for one in so_far.notifications if one.subscription == name and one.reason is Reason.TEST]
    return ids, [one for one in so_far.deliveries if one.subscription == name]


def _change(name: str, state: str) -> None:
    from mekong.deploy.subscriptions import now, subscription, write
    from mekong.schemas.settings import settings

    found = settings()
    changed = subscription(found, name).model_copy(update={"state": state, "changed_at": now()})
    write(found, changed)
    click.echo(f"{name}: {state}")


def _filter_of(agencies: Names, groups: Names, kinds: Names, tiers: Names, regions: Names) -> dict[str, Names]:
    capitals = {"kinds": tuple(map(str.upper, kinds)), "tiers": tuple(map(str.upper, tiers))}
    return {"agencies": agencies, "commodity_groups": groups, **capitals, "regions": regions}


def _quiet(text: str) -> dict[str, str]:
    start, _, end = text.partition("-")
    if start == end:
        raise Refused(f"--quiet {text!r}: the two times are the same, so no hour is quiet.")
    return {"start": start, "end": end}


def _state(one: Subscription, deliveries: list[Delivery]) -> str:
    is_gone = any(delivery.subscription == one.id and delivery.gone == one.changed_at for delivery in deliveries)
    return "gone (410)" if is_gone else one.state


def _filter(one: Subscription) -> str:
    parts = [part for values in one.filter.model_dump().values() for part in values]
    return " ".join(parts) or "everything"
