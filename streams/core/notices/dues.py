"""Remembers the warnings and feedback of a member, and finds feedback that is late: its own, or that of the members that it warned.

State: ``due/<member>/<event_id>`` -> a warning; ``due-by/<member>`` (a queue) -> warnings whose ``feedback_by`` has not passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from mekong.schemas.times import to_text
from mekong.streams.core.collections import Due, Queue
from mekong.streams.core.draft import Draft, Named
from mekong.streams.core.notices.moment import MemberTime

FORMAT = 1


class Late(NamedTuple):
    """A warning whose ``feedback_by`` has passed."""

    warning: dict[str, Any]
    """``agency``, ``case_no`` and ``event_id`` of the warning."""
    by: datetime
    missing: tuple[str, ...]
    """The agencies whose feedback is missing: the member itself, or the members that it warned."""


def note(draft: Draft, member: str, entry: dict[str, Any]) -> int | None:
    """Remember a version of a warning or feedback; for feedback, returns how many seconds after the warning it arrived.

    A corrected warning is due again when its date changed. A withdrawn warning is not due any more. Feedback counts also when it was read
    before the version that asks for it.
    """
    if entry["family"] == "feedback":
        return _answered(draft, member, entry)
    event_id, content = str(entry["event_id"]), entry["content"]
    key = _key(member, event_id)
    known = draft.get(key) or {}
    due = {
        "f": FORMAT,
        "agency": entry["agency"],
        "case_no": entry["case_no"],
        "sent": entry["received_at"],
        "answered": [],
        "reminded": [],
        **known,
    }
    is_open = entry["status"] == "current" and content.get("feedback_by")
    due["by"] = to_text(datetime.fromisoformat(content["feedback_by"])) if is_open else ""
    due["asked"] = sorted(content.get("to", ()))
    draft.put(key, due)
    if is_open and due["by"] not in due["reminded"] and due["by"] != known.get("by"):
        _queue(draft, member).put(Due(due["by"], event_id))
    return None


def late(draft: Draft, member: str, now: MemberTime) -> Iterator[Late]:
    """The warnings whose feedback was due until now and is missing. Each is yielded once."""
    queue, now_text = _queue(draft, member), to_text(now.at)
    while (first := queue.first()) is not None and first.at <= now_text:
        queue.drop_first()
        event_id, key = first.what, _key(member, first.what)
        due = draft.get(key)
        if due is None or due["by"] != first.at or first.at in due["reminded"]:
            continue  # it was corrected or withdrawn, or is due at the same time again
        draft.put(key, {**due, "reminded": [*due["reminded"], due["by"]]})
        asked = due["asked"] if due["agency"] == member else [member] if member in due["asked"] else []
        missing = tuple(one for one in asked if one not in due["answered"])
        if missing:
            warning = {"agency": due["agency"], "case_no": due["case_no"], "event_id": event_id}
            yield Late(warning, datetime.fromisoformat(due["by"]), missing)


def _answered(draft: Draft, member: str, entry: dict[str, Any]) -> int | None:
    key = _key(member, str(entry["content"].get("in_reply_to")))
    if entry["status"] != "current":
        return None
    due = draft.get(key) or {"f": FORMAT, "answered": []}
    if entry["agency"] not in due["answered"]:
        due["answered"].append(entry["agency"])
        draft.put(key, due)
    if "sent" not in due:
        return None
    return int((datetime.fromisoformat(entry["received_at"]) - datetime.fromisoformat(due["sent"])).total_seconds())


def _queue(draft: Draft, member: str) -> Queue:
    return Queue(Named(draft), f"due-by/{member}")


def _key(member: str, event_id: str) -> bytes:
    return f"due/{member}/{event_id}".encode()
