"""``mekong notify``: runs the process that brings notifications out of the exchange."""

from __future__ import annotations

import click


@click.command()
def notify() -> None:
    """Deliver notifications by webhook and mail, and record every attempt.

    Run one for a deployment: a second one replaces the first. It may be killed at any moment, and then continues where it was.
    What it sends again has the same webhook-id. Formats and settings: docs/notifications.md.

    \b
    Example:
      MEKONG_WEBHOOK_SECRET_LA_CUSTOMS=whsec_... mekong notify
      MEKONG_SMTP_URL=smtps://user:password@mail.example MEKONG_MAIL_FROM=mekong@example.org mekong notify
    """
    from mekong.deploy.cli.log import begin_log
    from mekong.deploy.cli.processes import told_to_stop
    from mekong.deploy.monitor import monitor
    from mekong.deploy.start import look
    from mekong.schemas.settings import settings
    from mekong.sinks.delivery.notifier import run

    found = settings()
    begin_log(found, "notifier")
    monitor(found, "notifier")
    look(found, "notifier")
    run(found, told_to_stop())
