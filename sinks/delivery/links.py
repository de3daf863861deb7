"""Makes the link by which a subscriber answers a notification, and reads the link back. Pure.

The link is the right to answer: a person who has the link needs no login. It names the subscription, the notification, its offset in
``notifications.v1`` and its end, under a MAC of the deployment's key for links. It is a function of the notification, so a mail or
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

from mekong.schemas.errors import Refused
from mekong.schemas.keys import Keys
from mekong.schemas.notifications import Notification
from mekong.schemas.settings import Settings

PATH = "/v1/answers/"
HOLDS_FOR = timedelta(days=30)
"""A link is valid for this time after its notification."""
LONGEST_TOKEN = 200
_PURPOSE = b"link to answers.v1\0"  # the plain secret of older versions signed other things too
_TOKEN = re.compile(r"([a-z0-9][a-z0-9-]{1,60})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")
_PLACE = struct.Struct(">16sQQ")


class AnswerTarget(NamedTuple):
    """The notification of a link, and the subscription that has the right to answer."""

    subscription: str
    notification_id: UUID
    offset: int
    """The offset in ``notifications.v1``."""
    until: datetime
    """When the link ends."""


class Link(NamedTuple):
    """The link that is put into a mail or webhook."""

    url: str
    until: datetime


class Links:
    """The links of one deployment."""

    def __init__(self, base: str, keys: Keys) -> None:
        self._base, self._keys = base.rstrip("/"), keys

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The links of a deployment. None when it has no public address. Raises Refused when that address is not safe for a link."""
        if not settings.public_url:
            return None
        _check(settings.public_url)
        return cls(settings.public_url, settings.link_keys())

    def link(self, notification: Notification, offset: int) -> Link:
        """The link of the notification at an offset."""
        until = (notification.raised_at + HOLDS_FOR).replace(microsecond=0)
        place = AnswerTarget(notification.subscription, notification.notification_id, offset, until)
        return Link(f"{self._base}{PATH}{self.token(place)}", until)

    def token(self, place: AnswerTarget) -> str:
        """The last part of a link."""
        packed = _PLACE.pack(place.notification_id.bytes, place.offset, int(place.until.timestamp()))
        return ".".join((place.subscription, _text(packed), _text(_mac(self._keys.signing, place.subscription, packed))))

    def place(self, token: str) -> AnswerTarget | None:
        """What a token means. None when this deployment did not make it. The caller checks whether the link has ended."""
        found = _TOKEN.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
        if found is None:
            return None
        try:
            packed, mac = _bytes(found[2]), _bytes(found[3])
        except binascii.Error:
            return None
        notification_id, offset, until_s = _PLACE.unpack(packed)
        try:
            until = datetime.fromtimestamp(until_s, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        if not any(hmac.compare_digest(mac, _mac(key, found[1], packed)) for key in self._keys.holding(until)):
            return None
        return AnswerTarget(found[1], UUID(bytes=notification_id), offset, until)


def _mac(key: bytes, subscription: str, packed: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + subscription.encode() + b"\0" + packed, hashlib.sha256)


def _check(base: str) -> None:
    """Allow only https or this machine: without TLS others could read the right to answer."""
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
