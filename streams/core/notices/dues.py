"""Warnings and feedback that a member got in; what is due of it or to it, and is late now, out. State: ``due/<member>/<event_id>``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from schemas.times import to_text
from streams.core.draft import Draft
from streams.core.notices.moment import Now

FORMAT = 1


class Late(NamedTuple):
    """A warning whose ``feedback_by`` has passed."""

    warning: dict[str, Any]
    """``agency``, ``case_no`` and ``event_id`` of it."""
    by: datetime
    missing: tuple[str, ...]
    """Whose feedback is missing: the member's own, or of those it warned."""


def note(draft: Draft, member: str, entry: dict[str, Any]) -> int | None:
    """Take a version of a warning or feedback; returns how late after the warning a feedback came, in seconds.

    A corrected warning is due anew when its date changed, a withdrawn one no more. An answer holds also when it was read before the
    version that asks for it.
    """
    if entry["family"] == "feedback":
        return _answered(draft, member, entry)
    event_id, content = str(entry["event_id"]), entry["content"]
    key = f"due/{member}/{event_id}".encode()
    due = {
        "f": FORMAT,
        "agency": entry["agency"],
        "case_no": entry["case_no"],
        "sent": entry["received_at"],
        "answered": [],
        "reminded": [],
        **(draft.get(key) or {}),
    }
    is_open = entry["status"] == "current" and content.get("feedback_by")
    due["by"] = to_text(datetime.fromisoformat(content["feedback_by"])) if is_open else ""
    due["asked"] = sorted(content.get("to", ()))
    draft.put(key, due)
    _list(draft, member, event_id, is_open=bool(is_open) and due["by"] not in due["reminded"])
    return None


def late(draft: Draft, member: str, now: Now) -> Iterator[Late]:
    """What was due up to now and is missing, once each."""
    index = draft.get(_index(member))
    for event_id in index["open"] if index else ():
        key = f"due/{member}/{event_id}".encode()
        due = draft.get(key)
        if due is None or datetime.fromisoformat(due["by"]) > now.at:
            continue
        _list(draft, member, event_id, is_open=False)
        draft.put(key, {**due, "reminded": [*due["reminded"], due["by"]]})
        asked = due["asked"] if due["agency"] == member else [member] if member in due["asked"] else []
        missing = tuple(one for one in asked if one not in due["answered"])
        if missing:
            warning = {"agency": due["agency"], "case_no": due["case_no"], "event_id": event_id}
            yield Late(warning, datetime.fromisoformat(due["by"]), missing)


def _answered(draft: Draft, member: str, entry: dict[str, Any]) -> int | None:
    key = f"due/{member}/{entry['content'].get('in_reply_to')}".encode()
    if entry["status"] != "current":
        return None
    due = draft.get(key) or {"f": FORMAT, "answered": []}
    if entry["agency"] not in due["answered"]:
        due["answered"].append(entry["agency"])
        draft.put(key, due)
    if "sent" not in due:
        return None
    return int((datetime.fromisoformat(entry["received_at"]) - datetime.fromisoformat(due["sent"])).total_seconds())


def _list(draft: Draft, member: str, event_id: str, *, is_open: bool) -> None:
    index = draft.get(_index(member)) or {"f": FORMAT, "open": []}
    others = [one for one in index["open"] if one != event_id]
    if is_open or len(others) != len(index["open"]):
        draft.put(_index(member), {"f": FORMAT, "open": [*others, event_id] if is_open else others})


def _index(member: str) -> bytes:
    return f"due/{member}".encode()
