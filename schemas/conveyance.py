"""Turns a plate, vessel or flight into the MAC of it that may be shared, under the key of one operation."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata


def conveyance_hmac(key: bytes, operation: str, text: str) -> str:
    """``<operation>:<64 hex>``, the value of ``conveyance`` in a message; the same for every spelling of one conveyance.

    Compatibility forms are folded (full-width letters), letters made upper case, and everything but letters, marks and digits
    left out. Raises ValueError when nothing remains, or when the key is empty: an unkeyed hash of a plate can be guessed.
    """
    if not key:
        raise ValueError("the operation's key is empty: set MEKONG_CONVEYANCE_KEY")
    folded = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(mark for mark in folded if unicodedata.category(mark)[0] in "LMN")
    if not plain:
        raise ValueError("a conveyance needs a letter or a digit")
    return f"{operation}:{hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()}"
