"""Defines how a sending is named: in the headers of each of its messages, and in the journal with each entry."""

from __future__ import annotations

BATCH_HEADER = "mekong-batch"
EDITION_HEADER = "mekong-edition"
"""When the file of a message was first sent, as ``times.to_text`` writes it. This time orders versions that have no other order."""
CORRELATION_HEADER = "correlation_id"
"""What the sender chose to recognise the receipt of a message: the receipt has it again. The exchange reads nothing from it."""
REQUEST_HEADER = "mekong-request"
"""Of a message that came over HTTPS with an ``Idempotency-Key``.

Its number in the request, the hash of the request, where the receipts of the request begin, and the key.
"""
HISTORY = "history/"
"""The name of a sending of old cases begins with this. The detectors learn from old cases and raise no alert about them.

A case of the last ``NEWS_DAYS`` days can raise an alert even in such a sending (``mekong.streams.core.spikes.case``).
"""
