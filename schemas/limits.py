"""Limits that members are told of, each in one place."""

from __future__ import annotations

from decimal import Decimal

MAX_MESSAGE_BYTES = 1_000_000  # of one message
MAX_LINES = 500  # of one seizure
MAX_VERSIONS = 200  # of one case
MAX_QUANTITY = Decimal(10) ** 15  # in any unit
MAX_MASS_KG = Decimal(10) ** 9
QUANTITY_DECIMALS = 12  # of a quantity, in its own unit; more are rounded away
NOTE_LENGTH = 1_000  # characters of a method_note
CONTROL_SKEW_S = 300  # a tick further from its append time than this is dropped
