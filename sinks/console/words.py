"""Gives the texts of the live page in one language, and writes what a record has so that it stays text. Pure.

The Vietnamese and Chinese texts are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unicodedata import category

from babel import Locale
from babel.dates import format_timedelta
from markupsafe import Markup

from mekong.schemas.languages import Language, texts_in

_FOLDER = Path(__file__).parent / "texts"
_LOCALES = {"en": Locale("en", "GB"), "vi": Locale("vi"), "zh": Locale("zh")}
_WORDS_AND_LETTERS = frozenset("\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
"""Khmer, Lao, Thai and Burmese are written with them: between words, and where letters join."""


def texts(language: Language) -> Mapping[str, str]:
    """Key -> text."""
    return texts_in(_FOLDER, language)


def plain(value: Any) -> Any:
    """What a template writes: a text without characters that cannot be seen or that turn the direction of writing.

    A character of control or of direction is written as U+FFFD, so that nobody is misled by what cannot be seen.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isprintable():
        return value
    return "".join(map(_shown, value))


def _shown(sign: str) -> str:
    if sign in "\n\t\r":
        return " "
    is_hidden = category(sign) in {"Cc", "Cf", "Co", "Cs", "Cn"} and sign not in _WORDS_AND_LETTERS
    return "\N{REPLACEMENT CHARACTER}" if is_hidden else sign


def clock(at: datetime) -> str:
    """The time of day, in the zone of this machine."""
    return f"{at.astimezone():%H:%M:%S}"


def stamp(at: datetime) -> str:
    """Day and time, in the zone of this machine."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def zone() -> str:
    """The offset of this machine's zone: UTC+07:00."""
    return f"UTC{datetime.now().astimezone().isoformat()[-6:]}"


def age(seconds: float, language: Language) -> str:
    """A length of time in one unit, as the language writes it."""
    return str(format_timedelta(timedelta(seconds=max(0.0, seconds)), locale=_LOCALES[language]))
