"""Makes texts, numbers and names fit into a workbook, so that no value of a sender stops the writing of a marked sheet. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

LONGEST_TEXT = 32_767
"""Of a cell in Excel."""
LONGEST_NAME = 31
"""Of a worksheet in Excel; .ods has longer ones."""
CUT = f"the text has over {LONGEST_TEXT:,} characters, more than a workbook keeps: the rest of it is not here"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_LARGEST = 1e308


def fitting(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text without control characters, cut where a cell ends."""
    return _NOT_IN_XML.sub("", text)[:longest]


def is_number(value: float) -> bool:
    """Whether a workbook has a number for it: NaN, the infinite ones and the very large ones are written as texts."""
    return -_LARGEST < value < _LARGEST


def name_of_sheet(wanted: str, taken: Collection[str] = ()) -> str:
    """A name for a worksheet that none of the others has, in small or large letters."""
    name = _NOT_IN_NAMES.sub(" ", fitting(wanted)).strip("' ")[:LONGEST_NAME] or "Sheet1"
    used, found, number = {one.lower() for one in taken}, name, 1
    while found.lower() in used:
        number += 1
        found = f"{name[: LONGEST_NAME - len(str(number)) - 1]} {number}"
    return found
