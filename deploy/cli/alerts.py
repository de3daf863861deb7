"""``mekong alerts``: shows what the statistics raised and why, and records what a subscriber does about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.terminal import say, say_json
from mekong.schemas.languages import LANGUAGES

if TYPE_CHECKING:
    from mekong.deploy.alerts import History
    from mekong.schemas.alerts import Alert


@click.group(invoke_without_command=True)
@click.option("--agency", help="Only of this agency.")
@click.option("--follow", "-f", is_flag=True, help="Go on with those that come, until Ctrl-C.")
@click.option("--last", "most", type=click.IntRange(min=1), default=20, show_default=True, help="How many of those there are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as on the topic.")
@click.pass_context
def alerts(context: click.Context, agency: str | None, follow: bool, most: int, as_json: bool) -> None:
    """Show alerts, a line each with a sparkline of the series; explain one; acknowledge, mute, judge, leave a note.

    \b
    Example:
      mekong alerts --follow
      mekong alerts --agency VN-CUSTOMS --json
      mekong alerts explain c3bea024
    """
    if context.invoked_subcommand is not None:
        return
    from mekong.deploy.alerts import HEAD, History, all_alerts
    from mekong.deploy.alerts import follow as following
    from mekong.deploy.subscriptions import check_agency
    from mekong.schemas.settings import settings

    found = settings()
    if agency is not None:
        check_agency(found, agency)
    history = None if as_json else History(found)
    shown = [one for one in all_alerts(found) if agency in {None, one.agency}]
    if (shown or follow) and not as_json:
        click.echo(HEAD)
    for one in shown[-most:]:
        _show(one, history)
    if not shown and not as_json and not follow:
        click.echo("No alert yet.")
    seen = {one.alert_id for one in shown}
    for more in following(found, on=True) if follow else ():
        for one in more:
            if one.alert_id not in seen and agency in {None, one.agency}:
                _show(one, history)


@alerts.command("explain")
@click.argument("alert_id", metavar="ID")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of its sentence.")
@click.option("--json", "as_json", is_flag=True, help="The alert as JSON, with the counts of its series.")
def explain(alert_id: str, language: str, as_json: bool) -> None:
    """Draw what was observed against what was to be expected, and show everything about one alert.

    The first eight letters of its id are enough.

    \b
    Example:
      mekong alerts explain c3bea024
    """
    from mekong.deploy.alerts import History, alert_of, explained
    from mekong.schemas.settings import settings

    found = settings()
    alert = alert_of(found, alert_id)
    history = History(found)
    spans = history.before(alert)
    history.close()
    if as_json:
        counts = [{"start": str(day), "cases": cases} for day, cases in spans]
        say_json(json.dumps({**alert.model_dump(mode="json"), "counts": counts}, ensure_ascii=False))
        return
    for line in explained(alert, spans, language):
        say(line)


@alerts.command("ack")
@click.argument("about", metavar="ID")
@click.option("--subscription", "-s", help="Who answers; needed when several got it.")
def ack(about: str, subscription: str | None) -> None:
    """Say that somebody has seen a notification. ID is its own, or that of an alert in it.

    \b
    Example:
      mekong alerts ack c3bea024 --subscription duty-vn
    """
    _answer(about, subscription, kind="acknowledge")


@alerts.command("verdict")
@click.argument("about", metavar="ID")
@click.argument("verdict", type=click.Choice(["real", "explained", "false"]))
@click.option("--subscription", "-s", help="Who answers; needed when several got it.")
@click.option("--text", help="Why.")
def judge(about: str, verdict: str, subscription: str | None, text: str | None) -> None:
    """Judge a notification: real, explained (by something known), or false. Back-tests learn from it.

    \b
    Example:
      mekong alerts verdict c3bea024 explained --text "yearly clearance of the container yard"
    """
    _answer(about, subscription, kind="verdict", verdict=verdict, text=None if text is None else looked_through(text))


@alerts.command("note")
@click.argument("about", metavar="ID")
@click.argument("text")
@click.option("--subscription", "-s", help="Who answers; needed when several got it.")
def note(about: str, text: str, subscription: str | None) -> None:
    """Leave a note to the next on duty. No names, plates or phone numbers: asks again when it looks as if there were one.

    \b
    Example:
      mekong alerts note c3bea024 "asked the post at Lao Bao, answer expected tomorrow"
    """
    _answer(about, subscription, kind="note", text=looked_through(text))


@alerts.command("mute")
@click.argument("series")
@click.option("--subscription", "-s", required=True, help="The subscription that is to get nothing of it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), required=True, help="When it ends, UTC.")
@click.option("--reason", required=True, help="Why.")
def mute(series: str, subscription: str, until: datetime, reason: str) -> None:
    """Hear nothing of a series until a time. SERIES is as in the alert: agency, agency/group, network/group or network.

    \b
    Example:
      mekong alerts mute VN-CUSTOMS/drug --subscription duty-vn --until 2026-12-01 --reason "known operation"
    """
    from mekong.deploy.subscriptions import answer, checked_series, now
    from mekong.deploy.subscriptions import subscription as known
    from mekong.schemas.settings import settings

    end = until.replace(tzinfo=UTC)
    if end <= now():
        raise click.BadParameter("has passed already", param_hint="--until")
    reason = looked_through(reason)
    found = settings()
    name = known(found, subscription).id
    answer(found, {"subscription": name, "kind": "mute", "series": checked_series(found, series), "until": end, "text": reason})
    click.echo(f"{name}: hears nothing of {series} until {end:%Y-%m-%d %H:%M} UTC")


def looked_through(text: str) -> str:
    """A person's words without blanks around them. Asks whether they are meant so when they likely name somebody."""
    from mekong.schemas.identifiers import likely_identifiers

    said = text.strip()
    if not said:
        raise click.UsageError("the text is empty")
    if kinds := likely_identifiers(said):
        click.confirm(f"It looks like it holds a {' and a '.join(kinds)}. Write it anyway?", abort=True, err=True)
    return said


def _answer(about: str, subscription: str | None, **values: str | None) -> None:
    from mekong.deploy.subscriptions import answer, notification_of
    from mekong.schemas.settings import settings

    found = settings()
    notification = notification_of(found, about, subscription)
    given = answer(found, {"subscription": notification.subscription, "notification_id": notification.notification_id, **values})
    say(f"{given.subscription}: {given.kind.value} «{notification.subject}»")


def _show(alert: Alert, history: History | None) -> None:
    from mekong.deploy.alerts import line
    from mekong.schemas.wire import encode

    if history:
        say(line(alert, history.before(alert)))
    else:
        say_json(encode(alert).decode())
