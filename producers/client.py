"""The client an agency embeds: messages in, a delivery report for each, and later a receipt (producers/receipts.py).

    with Client(settings(), "VN-CUSTOMS") as client:
        client.send(Seizure(agency="VN-CUSTOMS", case_no="2026/118", ...))
        for report in client.flush():
            ...                       # Delivered(token=case_no, topic, offset) or Undelivered(token, Rejected)

Once delivered a message stays delivered; one that was sent twice is answered with ``duplicate``. So on Retriable: wait, open a new
client, and send again whatever has no ``Delivered``.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from producers.outbox import Outbox, Report
from schemas.messages import Correction, Feedback, Seizure, Warning, Withdrawal
from schemas.settings import Settings
from schemas.topics import INCOMING
from schemas.wire import encode, load

AnyMessage = Seizure | Correction | Withdrawal | Warning | Feedback


class Client:
    """One agency's way in. Messages keep the order in which they are sent."""

    def __init__(self, settings: Settings, agency: str, *, batch: str = "", topic: str = "") -> None:
        """``batch`` names this sending in the exchange's records. Raises Refused or Retriable when the exchange cannot be reached."""
        self.topic = topic or INCOMING.of(agency)
        self._outbox: Outbox[str] = Outbox(settings, batch)

    def send(self, message: AnyMessage | bytes, token: str = "") -> None:
        """Put a message on its way: a record, or canonical JSON, which is sent as it is and judged by the exchange.

        ``token`` is what the report calls it by; its case number when not given. Waits when too much is under way.
        """
        value, case_no = (message, _case_no(message)) if isinstance(message, bytes) else (encode(message), message.case_no)
        self._outbox.send(self.topic, case_no, value, token or case_no)

    def reports(self) -> list[Report[str]]:
        """The delivery reports since the last call, without waiting."""
        return self._outbox.reports()

    def flush(self) -> list[Report[str]]:
        """Wait for the delivery reports of all that was sent."""
        return self._outbox.flush()

    def close(self) -> None:
        """Leave; what is not delivered is given up."""
        self._outbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _case_no(value: bytes) -> str:
    try:
        found = load(value)
    except ValueError:
        return ""
    case_no = found.get("case_no") if isinstance(found, dict) else None
    return case_no if isinstance(case_no, str) else ""
