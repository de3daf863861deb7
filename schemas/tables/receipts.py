"""Declares the table ``receipts``, which has what became of each message, and the view of the rejections."""

from __future__ import annotations

from mekong.schemas.tables.shape import TIME, WORD, WORDS, Column, Shape
from mekong.schemas.tables.view import View

REJECTED = ("rejections",)
RECEIPTS = Shape(
    "receipts",
    "What became of each message of each agency: one receipt a message",
    (
        Column("received_at", TIME, "When the exchange received the message (the broker's clock)", views=REJECTED),
        Column("agency", WORD, "Code of the agency", views=REJECTED),
        Column("case_no", "String", "Case number in the message; empty when the message was too broken to tell", views=REJECTED),
        Column("reason", WORD, "Reason code of a rejection; declared in schemas/rejected.py", views=REJECTED),
        Column("field", "String", "Field a rejection is about", views=REJECTED),
        Column("detail", "String", "Sentence that explains a rejection, or why a message is stale and what to do", views=REJECTED),
        Column("source_topic", WORD, "Topic of the message the receipt is for", views=REJECTED),
        Column("source_offset", "UInt64", "Offset of that message; with the topic it is the receipt's identity", views=REJECTED),
        Column("outcome", WORD, "accepted, corrected, withdrawn, duplicate, stale or rejected"),
        Column("event_id", "UUID", "Event the message is about. Zeros when it was rejected"),
        Column("version", "UInt16", "The case's current version after this message; 0 when it was rejected"),
        Column("warnings.code", WORDS, "Warnings: code", "warnings[].code"),
        Column("warnings.field", "Array(String)", "Warnings: field", "warnings[].field"),
        Column("warnings.detail", "Array(String)", "Warnings: sentence", "warnings[].detail"),
        Column(
            "sender_order",
            "String",
            "By what the sender orders its messages: revision 12, reported_at … or edition …; empty when it gave nothing",
        ),
        Column(
            "correlation_id",
            "String",
            "Value of the message's header correlation_id, which the sender chose; empty when it had none",
            views=REJECTED,
        ),
    ),
    left_out=("format", "seized_at"),
)

REJECTIONS = View(
    "rejections",
    "Messages that were not taken, and why; a row a message. Tests of the connection are not among them",
    "SELECT {columns}\nFROM receipts\nWHERE outcome = 'rejected' AND reason != 'test_message'",
    of=RECEIPTS,
    comments=(("detail", "Sentence that explains a rejection"),),
)
