"""Words that alerts, notifications, mails and pages share, in English, Vietnamese and Chinese: codes, tiers, properties, series.

The Vietnamese and Chinese words are unreviewed, like the labels of the code lists. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mekong.schemas import written
from mekong.schemas.alerts import Tier
from mekong.schemas.codes import code_list

Words = Mapping[str, str]
"""Language -> text."""

TIERS: Mapping[str, Words] = {
    Tier.NOTICE: {"en": "Notice", "vi": "Lưu ý", "zh": "提示"},
    Tier.SPIKE: {"en": "Unusual", "vi": "Bất thường", "zh": "异常"},
    Tier.SEVERE: {"en": "Very unusual", "vi": "Rất bất thường", "zh": "高度异常"},
}
FEATURES: Mapping[str, Words] = {
    "route": {"en": "route", "vi": "tuyến", "zh": "路线"},
    "concealment": {"en": "concealment", "vi": "cách cất giấu", "zh": "藏匿方式"},
    "combination": {"en": "the combination", "vi": "sự kết hợp", "zh": "组合"},
    "place": {"en": "place", "vi": "địa điểm", "zh": "地点"},
    "substance": {"en": "goods", "vi": "hàng hóa", "zh": "物品"},
}
"""The name of each property by which cases are compared, as a sentence uses it."""
_LISTS = {"concealment": ("concealment",), "place": ("places",), "substance": ("substances", "taxa")}


def filled(text: Words, language: str, facts: Mapping[str, object]) -> str:
    """A sentence with its facts, each as people write it in the language."""
    return text[language].format(**{name: written.fact(value, language) for name, value in facts.items()})


def label(codes: str, code: str, language: str) -> str:
    """A code in words, or itself when it is not on the list."""
    entry = code_list(codes).get(code)
    return entry.label(language) if entry else code


def value_of(feature: str, value: str, language: str) -> str:
    """The value of a property in words, or itself when it is on no list of the property."""
    if feature == "combination":
        parts = zip(("substance", "route", "concealment"), value.split("|"), strict=True)
        return ", ".join(value_of(part, one, language) for part, one in parts)
    if feature == "route":
        return " → ".join(label("countries", code, language) for code in value.split(">"))
    for codes in _LISTS.get(feature, ()):
        if value in code_list(codes):
            return label(codes, value, language)
    return value


def series(alert: Mapping[str, Any], everyone: str, language: str) -> str:
    """The agency of a series, or ``everyone``, and its commodity group when the series has one."""
    who = label("agencies", alert["agency"], language) if alert.get("agency") else everyone
    group = alert.get("commodity_group")
    return f"{who}, {label('commodity_groups', group, language)}" if group else who
