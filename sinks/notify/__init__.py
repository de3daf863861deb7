"""``notifications.v1`` -> webhooks and mail, each attempt on ``deliveries.v1``; ``alerts.<agency>.v1`` -> server-sent events."""
