"""Finds the code of a word: by codes, labels, synonyms, and the names of countries and units in eight languages. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from babel import Locale
from babel.units import get_unit_name

from mekong.schemas.codes import periods

LANGUAGES = ("en", "vi", "zh", "th", "lo", "km", "my", "fr")
"""Of the sheets that come in. `zh_Hant` is read too."""
_UNITS = {
    "mg": "mass-milligram",
    "g": "mass-gram",
    "kg": "mass-kilogram",
    "t": "mass-tonne",
    "lb": "mass-pound",
    "oz": "mass-ounce",
    "ml": "volume-milliliter",
    "l": "volume-liter",
    "m3": "volume-cubic-meter",
    "m2": "area-square-meter",
    "m": "length-meter",
    "cm": "length-centimeter",
}
_MORE: Mapping[str, Mapping[str, str]] = {
    "units": {
        **dict.fromkeys(("公斤", "千克", "kgm", "kil", "kí", "ký", "cân", "กก", "กก.", "กิโล", "ກິໂລ", "គ.ក", "ပိဿာကီလို"), "kg"),
        **dict.fromkeys(("克", "gr.", "gam", "ก.", "ກຣາມ"), "g"),
        **dict.fromkeys(("吨", "公吨", "噸", "tấn", "ตัน", "ໂຕນ", "តោន", "တန်"), "t"),
        **dict.fromkeys(
            ("viên", "片", "粒", "颗", "顆", "เม็ด", "ເມັດ", "គ្រាប់", "ဆေးပြား", "tab", "tabs", "comprimé", "comprimés"), "tablet"
        ),
        **dict.fromkeys(("cây", "株", "棵", "ต้น", "ຕົ້ນ", "ដើម", "ပင်", "plante", "plantes"), "plant"),
        **dict.fromkeys(("con", "只", "隻", "头", "頭", "条", "尾", "ตัว", "ໂຕ", "ក្បាល", "ကောင်", "individual", "individuals"), "animal"),
        **dict.fromkeys(
            ("cái", "chiếc", "件", "个", "個", "支", "ชิ้น", "อัน", "ອັນ", "ຊິ້ນ", "ដុំ", "ខុ", "ခု", "pce", "pièce", "pièces", "units/pieces"),
            "piece",
        ),
        **dict.fromkeys(("lít", "升", "公升", "ลิตร", "ລິດ", "លីត្រ", "လီတာ"), "l"),
        **dict.fromkeys(("立方米", "m³", "mét khối", "ลบ.ม.", "cbm"), "m3"),
        **dict.fromkeys(("m²", "平方米"), "m2"),
        **dict.fromkeys(("khúc", "lóng", "ท่อน"), "log"),
    },
    "countries": {
        **dict.fromkeys(("viet nam", "vietnam", "việt nam", "s.r. vietnam"), "VN"),
        **dict.fromkeys(("lao pdr", "lao p.d.r.", "lao people's democratic republic", "laos", "cộng hòa dân chủ nhân dân lào"), "LA"),
        **dict.fromkeys(("burma", "birmanie", "miến điện", "缅甸"), "MM"),
        **dict.fromkeys(("prc", "p.r. china", "people's republic of china", "mainland china", "trung quốc"), "CN"),
        **dict.fromkeys(("hong kong", "hong kong sar", "hk sar", "hong kong, china", "hồng kông", "香港"), "HK"),
        **dict.fromkeys(("macau", "macao", "ma cao", "澳门", "澳門"), "MO"),
        **dict.fromkeys(("taiwan", "chinese taipei", "taiwan, province of china"), "TW"),
        **dict.fromkeys(("usa", "u.s.a.", "united states of america", "u.s."), "US"),
        **dict.fromkeys(("uk", "u.k.", "great britain", "england"), "GB"),
        **dict.fromkeys(("ivory coast", "côte d'ivoire", "cote d'ivoire"), "CI"),
        **dict.fromkeys(("drc", "dr congo", "democratic republic of congo", "democratic republic of the congo", "congo drc"), "CD"),
        **dict.fromkeys(("congo", "republic of congo", "republic of the congo"), "CG"),
        **dict.fromkeys(("korea", "south korea", "republic of korea"), "KR"),
        **dict.fromkeys(("uae",), "AE"),
        **dict.fromkeys(("tanzania", "united republic of tanzania"), "TZ"),
        **dict.fromkeys(("russia", "russian federation"), "RU"),
        **dict.fromkeys(("kampuchea",), "KH"),
        **dict.fromkeys(("turkey",), "TR"),
        **dict.fromkeys(("czech republic",), "CZ"),
        **dict.fromkeys(("brunei darussalam",), "BN"),
        **dict.fromkeys(("syrian arab republic",), "SY"),
        **dict.fromkeys(("republic of moldova",), "MD"),
        **dict.fromkeys(("democratic people's republic of korea", "dprk"), "KP"),
        **dict.fromkeys(("swaziland",), "SZ"),
        **dict.fromkeys(("east timor",), "TL"),
        **dict.fromkeys(("cabo verde",), "CV"),
        **dict.fromkeys(("macedonia",), "MK"),
        **dict.fromkeys(("the netherlands", "holland"), "NL"),
        **dict.fromkeys(("the gambia",), "GM"),
    },
}
_COUNTRY = re.compile("^(ประเทศ|ປະເທດ|ប្រទេស|nước )", re.IGNORECASE)
_SIGNS = re.compile(r"[\s_·・.,;:()（）/\\*'\"’-]+")


@lru_cache(maxsize=65_536)
def key(text: str) -> str:
    """A word without what makes no difference: capitals, width, signs, and spaces at signs."""
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def bare(text: str) -> str:
    """A key without the marks of Latin letters: people type ``Trung Quoc``. Other scripts keep their marks, which are letters there."""
    found = unicodedata.normalize("NFD", key(text).replace("đ", "d"))
    if not found[:1].isascii():
        return key(text)
    return "".join(letter for letter in found if not "\u0300" <= letter <= "\u036f")


@lru_cache(maxsize=65_536)
def code_of(codes: str, text: str) -> str | None:
    """The code that a text means, on one list; None when it means none, or could mean two."""
    if codes == "countries":
        if len(text) == len("VNM") and text.isupper() and text in _iso3():  # not Nga, which is Russia in Vietnamese
            return _iso3()[text]
        return _meant(codes, text) or _meant(codes, _COUNTRY.sub("", text).partition("(")[0]) or _iso3().get(text.upper())
    return _meant(codes, text)


def _meant(codes: str, text: str) -> str | None:
    known = _known(codes)
    return _labels(codes).get(text.strip()) or known.get(key(text)) or known.get(bare(text)) or None


@cache
def _labels(codes: str) -> Mapping[str, str]:
    """Label -> code, for a word that is exactly a label: ``Tai`` is an ear in Vietnamese, and ``TAI`` is the code of a tail."""
    return {label: code for code, entries in periods(codes).items() for entry in entries for label in entry.labels.values()}


@cache
def _iso3() -> Mapping[str, str]:
    return {entry.fields["iso3"]: code for code, (entry, *_) in periods("countries").items()}


@cache
def _known(codes: str) -> Mapping[str, str]:
    """Word -> code. A word of two codes has an empty one."""
    found: dict[str, str] = {}
    for word, code in _words(codes):
        for one in {key(word), bare(word)}:
            if one and found.setdefault(one, code) != code:
                found[one] = ""
    found.update({key(word): code for word, code in _MORE.get(codes, {}).items()})
    found.update({bare(word): code for word, code in _MORE.get(codes, {}).items()})
    found.update({key(code): code for code in periods(codes)})
    return found


def _words(codes: str) -> list[tuple[str, str]]:
    words = []
    for code, entries in periods(codes).items():
        for entry in entries:
            synonyms = entry.fields.get("synonyms", "").split(";")
            words += [(word, code) for word in (code, *entry.labels.values(), *synonyms)]
    if codes == "countries":
        for language in (*LANGUAGES, "zh_Hant"):
            territories = Locale.parse(language).territories
            names = [(territories[code], code) for code in periods(codes) if code in territories]
            words += [(part, code) for name, code in names for part in (name, *re.split(r"[()（）]", name)[:-1]) if part.strip()]
    if codes == "currencies":
        for language in LANGUAGES:
            currencies = Locale.parse(language).currencies
            words += [(currencies[code], code) for code in periods(codes) if code in currencies]
    if codes == "units":
        for code, unit in _UNITS.items():
            for language in LANGUAGES:
                words += [(name, code) for length in ("long", "short", "narrow") if (name := get_unit_name(unit, length, language))]
    return words


def words_of(codes: str) -> Mapping[str, str]:
    """Every known word of a list, as ``key`` writes it, with its code; an empty code is a word of two."""
    return _known(codes)
