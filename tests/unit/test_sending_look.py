"""A receipt may arrive before the message that it is about is reported as delivered, at any moment of a look."""

from __future__ import annotations

from mekong.producers.outbox import Delivered
from mekong.producers.sending import Sending
from mekong.schemas.settings import Settings
from tests.unit.test_ledger import TOPIC, receipt, ref


class LateOutbox:
    """Its thread has the broker's answer just after the reports were read."""

    def __init__(self) -> None:
        self.under_way = 1
        self._reports = []

    def reports(self):
        found, self._reports = self._reports, []
        if self.under_way:
            self.under_way, self._reports = 0, [Delivered(ref(0), TOPIC, 10)]
        return found


class FastMailbox:
    """It has the receipt at once."""

    def __init__(self) -> None:
        self._receipts = [receipt(10)]

    def answers(self, _):
        found, self._receipts = self._receipts, []
        return found


def test_a_receipt_that_comes_before_the_last_message_is_reported_is_kept(tmp_path):
    sending = Sending(Settings(home=tmp_path))
    sending._outbox, sending._mailbox = LateOutbox(), FastMailbox()
    sending._look()
    sending._look()
    assert (sending._ledger.waiting, sending._ledger.answered) == (0, 1)
