"""Makes and checks the three headers of a signed webhook, from its body and secret: Standard Webhooks 1.0 (symmetric, ``v1``). Pure.

The signed text is ``<webhook-id>.<webhook-timestamp>.<body>``, with HMAC-SHA256.
Source: the specification "Standard Webhooks", section "Verifying webhook authenticity".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from mekong.schemas.errors import Refused

PREFIX = "whsec_"
SHORTEST_SECRET = 16
"""Bytes. The specification asks for 24 to 64; shorter ones can be guessed."""
TOLERANCE_S = 300
"""How far a receiver lets the sender's clock differ from its own."""


def key_of(secret: str) -> bytes:
    """The key in a secret: base64 after ``whsec_``, or the text itself. Raises Refused when it is not base64 or is too short."""
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error as exc:
            raise Refused(f"a webhook secret that begins with {PREFIX} goes on in base64") from exc
    else:
        key = secret.encode()
    if len(key) < SHORTEST_SECRET:
        raise Refused(f"a webhook secret has at least {SHORTEST_SECRET} bytes; this one has {len(key)}")
    return key


def signature(key: bytes, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """The signature, as ``v1,<base64>``."""
    signed = f"{webhook_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(key: bytes, webhook_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers that are sent with the body."""
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(key, webhook_id, timestamp_s, body),
    }


def holds(key: bytes, given: Mapping[str, str], body: bytes, now_s: int) -> bool:
    """Whether a receiver may believe the request: one of the signatures is right, and the request is not an old one sent again."""
    try:
        sent_s = int(given["webhook-timestamp"])
        expected = signature(key, given["webhook-id"], sent_s, body)
        offered = given["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    return abs(now_s - sent_s) <= TOLERANCE_S and any(hmac.compare_digest(one.encode(), expected.encode()) for one in offered)
