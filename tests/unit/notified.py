"""A notification as the notifier gets it."""

from datetime import UTC, datetime
from uuid import UUID

from mekong.schemas.notifications import Notification, Reason

AT = datetime(2026, 5, 3, 8, tzinfo=UTC)


def notification(number: int = 1, subscription: str = "duty") -> Notification:
    return Notification(
        notification_id=UUID(int=number),
        subscription=subscription,
        member="VN-CUSTOMS",
        reason=Reason.ALERT,
        raised_at=AT,
        language="en",
        subject="Spike",
        text="Nine cases.",
    )
