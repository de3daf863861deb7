"""Says in words why a pair is suspected, in one language. Pure. The Vietnamese and Chinese texts are unreviewed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mekong.schemas.languages import Language, texts_in
from mekong.schemas.written import number
from mekong.sinks.pairs.score import Reason, Suspected

_FOLDER = Path(__file__).parent / "texts"
_LEAST_BITS = 0.05
_NEARLY_ALL = 0.995


def texts(language: Language) -> Mapping[str, str]:
    """Key -> text, of the model and of the page about pairs."""
    return texts_in(_FOLDER, language)


def said(reason: Reason, language: Language) -> str:
    """What two cases agree or differ in."""
    words = texts(language)
    what = words[f"{reason.field}_{reason.level}"]
    return words["too_common"].format(what=what, cases=number(reason.cases, language)) if reason.is_too_common else what


def sentence(pair: Suspected, language: Language) -> str:
    """All reasons in one line: those for one seizure, then those against it."""
    words = texts(language)
    speaks_for = [said(one, language) for one in pair.reasons if one.bits > _LEAST_BITS]
    against = [said(one, language) for one in reversed(pair.reasons) if one.bits < -_LEAST_BITS]
    parts = [(words["for"], speaks_for), (words["against"], against)]
    return " ".join(f"{name}: {', '.join(found)}." for name, found in parts if found)


def chance(probability: float) -> str:
    """A probability in per cent, never 0 or 100: the model is never sure."""
    if probability >= _NEARLY_ALL:
        return "> 99 %"
    return "< 1 %" if probability < 1 - _NEARLY_ALL else f"{probability:.0%}".replace("%", " %")


def times(reason: Reason, language: Language) -> str:
    """How many times as often a level is met in one seizure as in two cases: 16, or 1/4."""
    ratio = 2**reason.bits
    return number(round(ratio, 1), language) if ratio >= 1 else f"1/{number(round(1 / ratio, 1), language)}"
