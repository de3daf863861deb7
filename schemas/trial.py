"""Makes the message with which a sender tests its connection. It goes the whole way to a receipt, and the exchange keeps nothing of it.

Its type is not a type of message, so an exchange of an older version rejects it too (``unknown_message_type``). It can never be counted.
"""

from __future__ import annotations

from mekong.schemas.wire import dump

TRIAL_TYPE = "test"
TRIAL_DETAIL = "this message was a test of the connection: it arrived, and nothing of it was kept"


def trial_message(agency: str, case_no: str) -> bytes:
    """The test message of one agency. ``case_no`` names it in the receipt."""
    return dump({"message_type": TRIAL_TYPE, "agency": agency, "case_no": case_no, "simulated": True})
