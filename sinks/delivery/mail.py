"""Sends one mail for a notification by SMTP, and returns the outcome. The mail has plain text and HTML, in one language.

SMTP cannot deliver exactly once. A mail that is sent again has the same Message-ID, and mail programs then show it once.
"""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from ssl import SSLError
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib

from mekong.schemas.channels import Mail
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Notification
from mekong.sinks.delivery.letter import as_html, as_text
from mekong.sinks.delivery.links import Link
from mekong.sinks.delivery.outcome import SENT, Outcome, again, hopeless
from mekong.sinks.delivery.sender import Sender

TIMEOUT_S = 30.0
_PERMANENT = 500


class Server(NamedTuple):
    """How to reach the mail server."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    """TLS from the first byte (``smtps``). Without it, STARTTLS is used: always with a password, otherwise when the server offers it."""


def server_of(url: str) -> Server:
    """``smtp[s]://[user:password@]host[:port]``. Raises Refused."""
    try:
        at = urlsplit(url)
        port = at.port
    except ValueError as exc:
        raise Refused(f"MEKONG_SMTP_URL: {exc}") from exc
    if at.scheme not in {"smtp", "smtps"} or not at.hostname:
        raise Refused("MEKONG_SMTP_URL: give smtp[s]://[user:password@]host[:port]")
    user, password = (unquote(part) if part else None for part in (at.username, at.password))
    return Server(at.hostname, port or (465 if at.scheme == "smtps" else 587), user, password, at.scheme == "smtps")


class Mails(Sender[Mail]):
    """Sends mails."""

    async def deliver(self, notification: Notification, to: Mail, link: Link | None = None) -> Outcome:
        """One attempt. Never raises for what the server or the settings do wrong."""
        try:
            server = server_of(self._settings.smtp_url.get_secret_value() or _unset("MEKONG_SMTP_URL"))
            mail = compose(notification, to.to, self._settings.mail_from or _unset("MEKONG_MAIL_FROM"), link)
            await aiosmtplib.send(mail, **_options(server))
        except (Refused, ValueError) as exc:
            return again(str(exc))
        except aiosmtplib.SMTPRecipientsRefused as exc:
            codes = [refused.code for refused in exc.recipients]
            said = f"the mail server refuses the recipient ({', '.join(map(str, codes))})"
            return hopeless(said) if all(code >= _PERMANENT for code in codes) else again(said)
        except aiosmtplib.SMTPAuthenticationError as exc:
            return again(f"the mail server refuses user or password of MEKONG_SMTP_URL ({exc.code})")
        except aiosmtplib.SMTPResponseException as exc:
            return again(f"the mail server answered {exc.code}")
        except (aiosmtplib.SMTPException, OSError, SSLError) as exc:
            return again(f"the mail server cannot be reached: {type(exc).__name__}")
        return SENT


def compose(notification: Notification, to: str, sender: str, link: Link | None = None) -> EmailMessage:
    """The mail. Raises ValueError for an address that is none."""
    mail = EmailMessage()
    mail["From"] = _address(sender)
    mail["To"] = _address(to)
    mail["Subject"] = _one_line(notification.subject)
    mail["Date"] = format_datetime(notification.raised_at)
    mail["Message-ID"] = f"<{notification.notification_id}@{_address(sender).domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(as_text(notification, link))
    mail.add_alternative(as_html(notification, link), subtype="html")
    mail["Content-Language"] = notification.language
    return mail


def _options(server: Server) -> dict[str, Any]:
    return {
        "hostname": server.host,
        "port": server.port,
        "username": server.user,
        "password": server.password,
        "use_tls": server.tls,
        "start_tls": True if server.user and not server.tls else None,  # a password is never sent without TLS
        "timeout": TIMEOUT_S,
    }


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=text)
    except (MessageError, AttributeError, IndexError) as exc:  # the standard library's parser fails on some of them
        raise ValueError(f"{text!r} is not a mail address") from exc


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _unset(variable: str) -> str:
    raise Refused(f"{variable} is not set")
