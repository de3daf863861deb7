"""Writes the JSON body of a notification's webhook: small, and the same bytes at every attempt. Pure. Format: docs/notifications.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mekong.schemas.notifications import Notification
from mekong.schemas.wire import canonical
from mekong.sinks.delivery.links import Link

MOST_ITEMS = 50
MOST_BYTES = 262_144
ALERT_FIELDS = (
    "alert_id",
    "kind",
    "state",
    "tier",
    "series",
    "agency",
    "commodity_group",
    "bucket",
    "raised_at",
    "observed",
    "expected",
    "interval_90",
    "ratio",
    "late_share",
)
"""The fields of an alert that a webhook sends. The receiver asks for the cases and the figures of the test with the alert's id."""
MESSAGE_FIELDS = ("event_id", "agency", "case_no", "family", "version", "status", "received_at", "content")
"""The fields of a member's warning or feedback that a webhook sends."""


def body(notification: Notification, link: Link | None = None) -> bytes:
    """The body of the request. ``more`` counts the items that do not fit into it; the text names all of them."""
    items = [_item(item, notification.language) for item in notification.items[:MOST_ITEMS]]
    raw = _body(notification, items, link)
    return raw if len(raw) <= MOST_BYTES else _body(notification, [], link)


def _body(notification: Notification, items: list[dict[str, Any]], link: Link | None) -> bytes:
    data: dict[str, Any] = {
        "subscription": notification.subscription,
        "member": notification.member,
        "language": notification.language,
        "subject": notification.subject,
        "text": notification.text,
        "items": items,
        "more": len(notification.items) - len(items),
    }
    if link is not None:
        data |= {"answer_url": link.url, "answer_until": link.until}
    return canonical({"type": f"mekong.{notification.reason.value}", "timestamp": notification.raised_at, "data": data})


def _item(item: Mapping[str, Any], language: str) -> dict[str, Any]:
    if "section" in item:
        return dict(item)
    if "alert_id" not in item:
        return {name: item[name] for name in MESSAGE_FIELDS if name in item}
    return {
        **{name: item[name] for name in ALERT_FIELDS if item.get(name) is not None},
        "sentence": item.get("sentences", {}).get(language, ""),
    }
