"""A notification in, the link by which its subscriber answers out, and back. Pure.

The link is the right to answer: whoever has it needs no login. It names the subscription, the notification, its offset in
``notifications.v1`` and its end, under a MAC of the deployment's secret. It is a function of the notification, so a mail or
webhook that is sent again has the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self
from urllib.parse import urlsplit
from uuid import UUID

from schemas.errors import Refused
from schemas.notifications import Notification
from schemas.settings import Settings

PATH = "/v1/answers/"
HOLDS_FOR = timedelta(days=30)
"""From the time of the notification."""
LONGEST_TOKEN = 200
_PURPOSE = b"link to answers.v1\0"  # the secret signs other things too
_TOKEN = re.compile(r"([a-z0-9][a-z0-9-]{1,60})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")
_PLACE = struct.Struct(">16sQQ")


class Place(NamedTuple):
    """Which notification is meant, and by whose right."""

    subscription: str
    notification_id: UUID
    offset: int
    """In ``notifications.v1``."""
    until: datetime
    """When the link ends."""


class Link(NamedTuple):
    """What goes into a mail or webhook."""

    url: str
    until: datetime


class Links:
    """The links of one deployment."""

    def __init__(self, base: str, secret: bytes) -> None:
        self._base, self._secret = base.rstrip("/"), secret

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None when the deployment has no public address. Raises Refused when it is none for a link that is a right."""
        if not settings.public_url:
            return None
        _check(settings.public_url)
        return cls(settings.public_url, settings.deployment_secret())

    def link(self, notification: Notification, offset: int) -> Link:
        """The link of the notification at an offset."""
        until = (notification.raised_at + HOLDS_FOR).replace(microsecond=0)
        place = Place(notification.subscription, notification.notification_id, offset, until)
        return Link(f"{self._base}{PATH}{self.token(place)}", until)

    def token(self, place: Place) -> str:
        """The last part of a link."""
        packed = _PLACE.pack(place.notification_id.bytes, place.offset, int(place.until.timestamp()))
        return ".".join((place.subscription, _text(packed), _text(self._mac(place.subscription, packed))))

    def place(self, token: str) -> Place | None:
        """What a token means; None when it is not one of ours. Whether it has ended is for the caller to see."""
        found = _TOKEN.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
        if found is None:
            return None
        try:
            packed, mac = _bytes(found[2]), _bytes(found[3])
        except binascii.Error:
            return None
        if not hmac.compare_digest(mac, self._mac(found[1], packed)):
            return None
        notification_id, offset, until = _PLACE.unpack(packed)
        return Place(found[1], UUID(bytes=notification_id), offset, datetime.fromtimestamp(until, UTC))

    def _mac(self, subscription: str, packed: bytes) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + subscription.encode() + b"\0" + packed, hashlib.sha256)


def _check(base: str) -> None:
    """In the clear the right to answer could be read on the way: only https, or this machine."""
    at = urlsplit(base)
    if at.scheme not in {"https", "http"} or not at.hostname or at.query or at.fragment or at.username:
        raise Refused(f"MEKONG_PUBLIC_URL={base!r}: give an address as https://alerts.example.org")
    if at.scheme == "http" and not _is_here(at.hostname):
        raise Refused(f"MEKONG_PUBLIC_URL={base!r}: links are a right to answer, give an address with https")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")
