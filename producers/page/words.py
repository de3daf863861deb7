"""Gives the texts of the page in one language, from the data file of each language. Pure.

The Vietnamese and Chinese texts are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mekong.schemas.languages import Language, texts_in

_FOLDER = Path(__file__).parent / "texts"


def texts(language: Language) -> Mapping[str, str]:
    """Key -> text."""
    return texts_in(_FOLDER, language)
