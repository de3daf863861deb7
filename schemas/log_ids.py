"""Names the ids that a line of the log may carry, and finds them in a record. The names are the same in all stages. Pure.

A log never has the content of a case: not its goods, not its case number, not a name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from mekong.schemas import wire

IDS = (
    "stage",
    "lane",
    "topic",
    "partition",
    "offset",
    "table",
    "agency",
    "event_id",
    "correlation",
    "notification_id",
    "subscription",
    "channel",
)
"""In the order of a line. Give them with ``extra`` where the code knows them."""
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "agency": ("agency", "member"),
    "event_id": ("event_id",),
    "notification_id": ("notification_id",),
    "subscription": ("subscription",),
}
"""Id -> the fields of our records that hold it, the first one that does."""
_HASH = 12
_SOUND = re.compile(r"[\w.:/-]{1,128}", re.ASCII)
"""An id looks so. A text that looks otherwise may be content."""


def ids_of(value: bytes | None) -> dict[str, str]:
    """The ids in a record of one of our topics; none when it cannot be read."""
    try:
        found = wire.load(value or b"")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    ids: dict[str, str] = {}
    for name, field in ((name, field) for name, fields in _FIELDS.items() for field in fields):
        if isinstance(text := found.get(field), str) and _SOUND.fullmatch(text):
            ids.setdefault(name, text)
    given = found.get("correlation_id")
    return ids | (correlation_of(given.encode()) if isinstance(given, str) else {})


def correlation_of(header: bytes) -> dict[str, str]:
    """A short hash of the id that the sender gave its message: that may be a case number, or a name."""
    return {"correlation": hashlib.sha256(header).hexdigest()[:_HASH]} if header else {}
