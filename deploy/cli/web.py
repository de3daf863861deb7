"""``mekong web|gateway|events``: one server program, with all of its rooms or one of them (deploy/web/rooms.py)."""

from __future__ import annotations

import click


@click.command()
@click.option("--listen", default="127.0.0.1:8443", show_default=True, metavar="HOST:PORT", help="Where to listen; port 0: a free one.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of the server ends TLS: listen without TLS on any address.")
def web(listen: str, behind_proxy: bool) -> None:
    """Serve everything that is reached by HTTP at one address: what `mekong gateway` and `mekong events` serve, and the live page.

    The live page is at /console. It is served only when MEKONG_CONSOLE_KEY is set and this machine alone reaches the server:
    docs/console.md.

    The stream of alerts also accepts an agency's token with the scope read (`mekong agency token add`), so MEKONG_STREAM_TOKENS may be
    absent. MEKONG_GATEWAY_CERT and MEKONG_GATEWAY_KEY name the certificate. For the people who use it: docs/https.md and
    docs/notifications.md.

    \b
    Example:
      mekong web
      MEKONG_GATEWAY_CERT=chain.pem MEKONG_GATEWAY_KEY=key.pem mekong web --listen 0.0.0.0:443
    """
    _run("", listen, behind_proxy=behind_proxy)


@click.command()
@click.option("--listen", default="127.0.0.1:8443", show_default=True, metavar="HOST:PORT", help="Where to listen; port 0: a free one.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of the gateway ends TLS: listen without TLS on any address.")
def gateway(listen: str, behind_proxy: bool) -> None:
    """Serve one HTTPS address for agencies that reach no Kafka port: POST /v1/messages, POST /v1/check, GET /v1/receipts.

    A program of an agency shows a token (`mekong agency token add`). MEKONG_GATEWAY_CERT and MEKONG_GATEWAY_KEY name the certificate.
    The gateway may be killed at any moment: what it has answered with 202 is stored. For the people who use it: docs/https.md.

    \b
    Example:
      mekong gateway
      MEKONG_GATEWAY_CERT=chain.pem MEKONG_GATEWAY_KEY=key.pem mekong gateway --listen 0.0.0.0:443
      mekong gateway --listen 10.0.0.5:8080 --behind-proxy
    """
    _run("gateway", listen, behind_proxy=behind_proxy)


@click.command()
@click.option(
    "--listen", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT", help="Where to listen; port 0 means a free one."
)
def events(listen: str) -> None:
    """Serve alerts as server-sent events, and the page that links in mails lead to: GET /v1/alerts/stream, /v1/answers/TOKEN.

    A reader shows a token of the file MEKONG_STREAM_TOKENS (a line each: member, token) and gets what this member may see; after a
    break it names the last event it has (Last-Event-ID) and misses nothing. Put TLS in front of it.

    With MEKONG_PUBLIC_URL, the address under which people reach it, mails and webhooks have a link each: its page shows the notification,
    and records what is done about it (acknowledge, judge, mute, note). The link is the right to answer, for 30 days.

    \b
    Example:
      MEKONG_STREAM_TOKENS=tokens.txt mekong events --listen 0.0.0.0:8090
      MEKONG_STREAM_TOKENS=tokens.txt MEKONG_PUBLIC_URL=https://alerts.example.org mekong events
      curl -N -H "Authorization: Bearer $TOKEN" "http://127.0.0.1:8090/v1/alerts/stream?tier=SEVERE"
    """
    _run("events", listen, behind_proxy=True)


def _run(only: str, listen: str, *, behind_proxy: bool) -> None:
    from mekong.deploy.cli.log import begin_log
    from mekong.deploy.cli.processes import told_to_stop
    from mekong.deploy.monitor import monitor
    from mekong.deploy.start import look
    from mekong.deploy.web.rooms import every_room
    from mekong.deploy.web.serve import Listen, run
    from mekong.schemas.settings import settings

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter("give HOST:PORT, as 127.0.0.1:8443", param_hint="--listen")
    found = settings()
    begin_log(found, only or "web")
    monitor(found, only or "web")
    if only == "events":
        found = found.model_copy(update={"gateway_cert": None, "gateway_key": None})  # a proxy in front of it ends TLS
    else:
        look(found, only or "web")
    stop = told_to_stop()  # uvicorn raises the signal again when all is answered: then it must not end the process
    at = Listen(host.strip("[]"), int(port), behind_proxy)
    run(found, at, every_room(found, only, host=at.host, behind_proxy=behind_proxy), stop)
