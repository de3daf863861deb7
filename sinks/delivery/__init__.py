"""Sends ``notifications.v1`` by webhooks and mail and records each attempt; serves ``alerts.<agency>.v1`` as server-sent events."""
