"""``mekong notify|events``: the processes that bring alerts out of the exchange."""

from __future__ import annotations

import click


@click.command()
def notify() -> None:
    """Deliver notifications by webhook and mail, and record every attempt.

    Run one of it for a deployment: a second one takes over from the first. Killed at any moment it goes on where it was;
    what it sends again has the same webhook-id. Formats and settings: docs/notifications.md.

    \b
    Example:
      MEKONG_WEBHOOK_SECRET_DUTY=whsec_... mekong notify
      MEKONG_SMTP_URL=smtps://user:password@mail.example MEKONG_MAIL_FROM=mekong@example.org mekong notify
    """
    from deploy.cli.processes import log_to_stderr, told_to_stop
    from schemas.settings import settings
    from sinks.notify.notifier import run

    log_to_stderr()
    run(settings(), told_to_stop())


@click.command()
@click.option(
    "--listen", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT", help="Where to listen; port 0 takes a free one."
)
def events(listen: str) -> None:
    """Serve alerts as server-sent events, and the page that links in mails lead to: GET /v1/alerts/stream, /v1/answers/TOKEN.

    A reader shows a token of the file MEKONG_STREAM_TOKENS (a line each: member, token) and gets what this member may see; after a
    break it names the last event it has (Last-Event-ID) and misses nothing. Put TLS in front of it.

    With MEKONG_PUBLIC_URL, the address under which people reach it, mails and webhooks have a link each: its page shows the notification,
    and takes what is done about it (acknowledge, judge, mute, note). The link is the right to answer, for 30 days.

    \b
    Example:
      MEKONG_STREAM_TOKENS=tokens.txt mekong events --listen 0.0.0.0:8090
      MEKONG_STREAM_TOKENS=tokens.txt MEKONG_PUBLIC_URL=https://alerts.example.org mekong events
      curl -N -H "Authorization: Bearer $TOKEN" "http://127.0.0.1:8090/v1/alerts/stream?tier=SEVERE"
    """
    from deploy.cli.processes import log_to_stderr, told_to_stop
    from schemas.settings import settings
    from sinks.notify.events import run

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter("give HOST:PORT, as 127.0.0.1:8090", param_hint="--listen")
    log_to_stderr()
    run(settings(), host.strip("[]"), int(port), told_to_stop())
