"""Defines ``Rejected``: the value that says why a message, or a line of a file, was not accepted."""

from __future__ import annotations

from enum import StrEnum

from mekong.schemas.record import Record


class Reason(StrEnum):
    """Reason codes of a rejection. A code is never renamed: agencies' systems match on it."""

    NOT_JSON = "not_json"  # cannot be parsed at all
    INVALID_UTF8 = "invalid_utf8"  # bytes that are not UTF-8 text
    TOO_LARGE = "too_large"  # over MAX_MESSAGE_BYTES
    TOO_DEEP = "too_deep"  # nested beyond what any message needs
    WRONG_TYPE = "wrong_type"  # a text where a number belongs, and the like
    MISSING_FIELD = "missing_field"
    REPEATED_FIELD = "repeated_field"  # a key that appears twice in one object
    INVALID_VALUE = "invalid_value"  # right type, impossible value
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"
    UNKNOWN_CODE = "unknown_code"  # not on the code list of the field
    BAD_QUANTITY = "bad_quantity"  # 0, negative, not a number, or over 10^9 kg
    BAD_DATE = "bad_date"  # no date of the calendar
    DATE_TOO_OLD = "date_too_old"  # before 2000
    FUTURE_DATE = "future_date"  # after today at UTC+14; a time of report or edition minutes ahead of the broker's
    TOO_LONG = "too_long"  # a text or list over its limit
    TOO_MANY_LINES = "too_many_lines"
    TOO_MANY_VERSIONS = "too_many_versions"  # a case holds 200 at most
    WRONG_AGENCY = "wrong_agency"  # the message names another agency than its topic
    UNREGISTERED_AGENCY = "unregistered_agency"
    AGENCY_DISABLED = "agency_disabled"  # by the operator, with a reason
    UNKNOWN_CASE = "unknown_case"  # a correction, withdrawal or reference to nothing known
    TYPE_CONFLICT = "type_conflict"  # the case number is in use for another kind of message
    FORGED_CONTROL = "forged_control"  # a tick or profile without the exchange's signature
    TEST_MESSAGE = "test_message"  # not a fault: a test of the connection arrived (schemas/trial.py); nothing of it was kept
    INTERNAL = "internal"  # a fault of the exchange: kept for the operator, state unchanged
    # Of files, before anything is sent
    BAD_FILE = "bad_file"  # the complete file cannot be read
    MISSING_COLUMN = "missing_column"
    BAD_ROW = "bad_row"  # a row that cannot be split into its columns
    NOT_SENT = "not_sent"  # the broker refused it


class Rejected(Record):
    """Why something was rejected: a code for machines, and a field and a sentence for people."""

    reason: Reason
    field: str = "message"
    detail: str
    where: str = ""
    """The place in a file: ``line 12``. Empty for a message on a topic."""
    case_no: str = ""
    """The case of a line in a file, as far as it can be read, or the part that its case numbers have before the last ``/``."""
