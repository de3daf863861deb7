"""An alert and a subscription in; whether it is wanted, how strong it is, and whether it may go out at once, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import State, Tier
from schemas.subscriptions import Filter

WEEK = timedelta(days=7)
_TIERS = (Tier.NOTICE, Tier.SPIKE, Tier.SEVERE)


def is_wanted(wish: Filter, alert: Mapping[str, Any], region: str | None) -> bool:
    """Whether every part of the filter lets the alert through; an alert over all members is in no agency and no region."""
    parts = (
        (wish.agencies, alert.get("agency")),
        (wish.commodity_groups, alert.get("commodity_group")),
        (wish.kinds, alert["kind"]),
        (wish.tiers, alert["tier"]),
        (wish.regions, region),
    )
    return all(not wanted or found in wanted for wanted, found in parts)


def strength(alert: Mapping[str, Any]) -> tuple[bool, int, float, float]:
    """Sorts alerts, the strongest highest: what has ended below all else, then tier, surprise in bits, and ratio."""
    return (
        alert["state"] != State.CLEARED,
        _TIERS.index(alert["tier"]),
        alert.get("explain", {}).get("bits") or 0.0,
        alert.get("ratio") or 0.0,
    )


def is_urgent(alert: Mapping[str, Any]) -> bool:
    """Whether quiet hours let it through."""
    return bool(alert["tier"] == Tier.SEVERE and alert["state"] != State.CLEARED)


def places(budget: int, alert: Mapping[str, Any]) -> int:
    """How many of ``budget`` places in any seven days may be taken when an alert like this takes one more.

    What comes later in the week is not known, so places are kept for it: a quarter (at least one of two) for SEVERE alerts only, and
    NOTICE and what has ended may take the first quarter only.
    """
    if is_urgent(alert):
        return budget
    if alert["tier"] == Tier.SPIKE and alert["state"] != State.CLEARED:
        return budget - max(1, budget // 4) if budget > 1 else budget
    return budget // 4


def within_week(sent: Iterable[str], now: datetime) -> list[str]:
    """Those of the times ``sent`` that lie in the seven days up to ``now``."""
    return [at for at in sent if datetime.fromisoformat(at) > now - WEEK]
