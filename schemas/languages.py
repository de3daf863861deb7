"""The languages of labels, sentences and notifications. English is first, and replaces a label that a code list does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["en", "vi", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: Mapping[Language, str] = {"en": "English", "vi": "Tiếng Việt", "zh": "中文"}
"""Each language in its own words."""

_OF_COUNTRY: dict[str, Language] = {"VN": "vi", "CN": "zh", "HK": "zh", "MO": "zh"}


def languages_of(agency: str) -> tuple[Language, ...]:
    """The languages for an agency, by the country in its code: its own where there is one, then English."""
    own = _OF_COUNTRY.get(agency[:2])
    return (own, LANGUAGES[0]) if own else (LANGUAGES[0],)


def chosen(wanted: str, accepted: str) -> Language:
    """The language with this code; without one, the first that the browser accepts (``Accept-Language``), or English."""
    codes = [wanted, *(one.partition(";")[0].strip()[:2].lower() for one in accepted.split(","))]
    return next((language for code in codes for language in LANGUAGES if code == language), LANGUAGES[0])


@cache
def texts_in(folder: Path, language: Language) -> Mapping[str, str]:
    """Key -> text, of the folder of a page's texts. Every language has the same keys; a contract test holds it."""
    found = json.loads((folder / f"{language}.json").read_bytes())
    return {str(key): str(text) for key, text in found.items()}
