"""How a sending is named: in a header of each of its messages, and in the journal beside each entry."""

from __future__ import annotations

BATCH_HEADER = "mekong-batch"
HISTORY = "history/"
"""What the name of a sending of old cases begins with: they are learnt from, and told to nobody."""
