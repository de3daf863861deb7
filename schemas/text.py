"""Brings a case number or a name into one form, so that every program compares it in the same way. Pure.

Two texts that look the same get the same form. Letters with marks get one form (NFC of Unicode). Characters that cannot be seen are
removed (category Cf: zero-width spaces, marks of direction, soft hyphens). The hyphens and spaces with which a word processor prevents
a line break become ordinary ones.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, normalize

from pydantic import ValidationInfo
from pydantic_core import PydanticKnownError

AS_SENT = {"text": "as sent"}
"""The context in which pydantic leaves a text as it is, to compare it with one that was stored before texts were normalised."""
_FOLDED = str.maketrans({"\u2011": "-", "\u00a0": " ", "\u2007": " ", "\u202f": " "})


def normalised(text: str, info: ValidationInfo) -> str:
    """A validator of pydantic: ``plain``, but in the context ``AS_SENT``. Raises PydanticKnownError when nothing is left."""
    if text.isascii() or info.context is AS_SENT:
        return text
    found = plain(text)
    if not found:
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return found


@lru_cache(maxsize=16_384)
def plain(text: str) -> str:
    """The text without what only looks different."""
    seen = "".join(character for character in text.translate(_FOLDED) if category(character) != "Cf")
    return normalize("NFC", seen).strip()
