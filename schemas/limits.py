"""The limits that the documentation and the receipts give to members. Each limit is defined only here."""

from __future__ import annotations

from decimal import Decimal

MAX_MESSAGE_BYTES = 1_000_000  # of one message
MAX_LINES = 500  # of one seizure
MAX_VERSIONS = 200  # of one case
MAX_QUANTITY = Decimal(10) ** 15  # in any unit
MAX_MASS_KG = Decimal(10) ** 9
QUANTITY_DECIMALS = 12  # of a quantity, in its own unit; more are rounded away
CASE_NO_LENGTH = 100  # characters of a case number
NOTE_LENGTH = 1_000  # characters of a method_note
CORRELATION_LENGTH = 128  # characters of a correlation id
MAX_REVISION = 10**12
AHEAD_S = 300  # a sender's time may be ahead of the broker's by this much
CONTROL_SKEW_S = 300  # a tick further from its append time than this is dropped
