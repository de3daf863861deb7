"""Decides whether a subscription wants an alert, how strong the alert is, and whether it may be sent at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from mekong.schemas.alerts import State, Tier
from mekong.schemas.subscriptions import Filter

WEEK = timedelta(days=7)
_TIERS = (Tier.NOTICE, Tier.SPIKE, Tier.SEVERE)


def is_wanted(wish: Filter, alert: Mapping[str, Any], region: str | None) -> bool:
    """Whether the alert matches every part of the filter. An alert over all members has no agency and no region."""
    parts = (
        (wish.agencies, alert.get("agency")),
        (wish.commodity_groups, alert.get("commodity_group")),
        (wish.kinds, alert["kind"]),
        (wish.tiers, alert["tier"]),
        (wish.regions, region),
    )
    return all(not wanted or found in wanted for wanted, found in parts)


def strength(alert: Mapping[str, Any]) -> tuple[bool, int, float, float]:
    """The sort key of an alert; the strongest has the highest. Alerts that have ended are lowest, then tier, bits and ratio decide."""
    return (
        alert["state"] != State.CLEARED,
        _TIERS.index(alert["tier"]),
        alert.get("explain", {}).get("bits") or 0.0,
        alert.get("ratio") or 0.0,
    )


def is_urgent(alert: Mapping[str, Any]) -> bool:
    """Whether an alert is sent during quiet hours."""
    return bool(alert["tier"] == Tier.SEVERE and alert["state"] != State.CLEARED)


def places(budget: int, alert: Mapping[str, Any]) -> int:
    """An alert of this tier and state is sent while fewer than this number of the ``budget`` places of seven days are used.

    Later alerts of the week are not known, so places are kept for them. A quarter (at least one of two) is only for SEVERE alerts. NOTICE
    alerts and alerts that have ended may use the first quarter only.
    """
    if is_urgent(alert):
        return budget
    if alert["tier"] == Tier.SPIKE and alert["state"] != State.CLEARED:
        return budget - max(1, budget // 4) if budget > 1 else budget
    return budget // 4


def within_week(sent: Iterable[str], now: datetime) -> list[str]:
    """The times of ``sent`` that are within the seven days before ``now``."""
    return [at for at in sent if datetime.fromisoformat(at) > now - WEEK]
