"""Finds the kinds of personal identifiers that a note likely has. Pure, and fast for a note that has none.

A likely identifier only gives a warning in the receipt. The rules know the documents, phones and plates of the region. They ignore
dates, weights, tariff codes, containers and the numbers of the paperwork. The layouts are those printed on the documents themselves.
docs/glossary.md says what a note must not have.
"""

from __future__ import annotations

import re
from typing import NamedTuple

DOCUMENT = "document number"
PHONE = "phone number"
PLATE = "vehicle plate"
MAIL = "mail address"

_SUSPECT = re.compile(r"\d\d\d")
_BEFORE = r"(?<![\w/.+-])"  # not the tail of a longer number or reference
_AFTER = r"(?![\w/-])"


class _Named(NamedTuple):
    """A number that the note itself calls by name: ``words`` in lower case, then the number."""

    kind: str
    words: tuple[str, ...]
    number: re.Pattern[str]


def _named(kind: str, number: str, *words: str) -> _Named:
    lead = rf"(?<![a-z])(?:{'|'.join(words)})(?:\s?(?:no|number|num|nr|số|号码|号))?[\s.:#()-]{{0,4}}"
    return _Named(kind, words, re.compile(lead + number))


_NAMED = (
    _named(
        DOCUMENT,
        r"[a-z]{0,2}\d[\d -]{4,16}\d",
        *("passport", "hộ chiếu", "ho chieu", "cmnd", "cccd", "căn cước", "can cuoc", "identity card", "id card", "national id", "nrc"),
        *("护照", "護照", "身份证", "หนังสือเดินทาง", "บัตรประชาชน", "ໜັງສືຜ່ານແດນ", "លិខិតឆ្លងដែន"),
    ),
    _named(
        PHONE,
        r"\+?\d(?:[ .()-]{0,2}\d){6,14}(?!\d)",
        *("tel", "phone", "mobile", "cell", "whatsapp", "zalo", "viber", "wechat", "telegram", "sđt", "đt", "điện thoại", "dien thoai"),
        *("电话", "電話", "手机", "微信", "โทร", "ໂທ", "ទូរស័ព្ទ", "ဖုန်း"),
    ),
    _named(
        PLATE,
        r"(?!(?:of|in|on|at|no|for|by|to|and)\b)(?=\d{0,3}[^\W\d])[\w·]{1,4}[ ·.-]?[\w.]{0,3}\d{2,5}",
        *("plate", "plates", "registration", "biển số", "bien so", "biển kiểm soát", "bks", "车牌", "車牌", "ทะเบียน", "ທະບຽນ", "ស្លាកលេខ"),
    ),
)

_DOCUMENTS = (
    r"[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]",  # China: place, date of birth, 3 digits, check
    r"0(?:0[1-9]|[1-8]\d|9[0-6])[0-3]\d{8}",  # Viet Nam: province, sex and century, year of birth, 6 digits
    r"[1-8][ -]\d{4}[ -]\d{5}[ -]\d\d[ -]\d",  # Thailand, as printed
    r"[A-Z]\d{7,8}",  # passports of the region
    r"[A-Z]{2}\d{7}",
)
_PHONES = (
    r"0[35-9]\d(?:\d{7}|\d[ .-]\d{3}[ .-]\d{3}|[ .-]\d{3}[ .-]\d{4}|\d[ .-]\d{6})",  # Viet Nam, Thailand
    r"0[1-9]\d[ .-]\d{3}[ .-]\d{3,4}",  # Cambodia
    r"020[ .-]?[25789]\d{3}[ .-]?\d{4}",  # Laos
    r"09[ -]?\d{3}[ -]?\d{3}[ -]?\d{3}",  # Myanmar
    r"1[3-9]\d[ -]?\d{4}[ -]?\d{4}",  # China
)
_PLATES = (
    r"\d\d-?(?:[A-Z]\d?|[A-Z]{2})(?:[ -]?\d{3}\.\d\d|-\d{4,5}| \d{5})",  # Viet Nam: 51F-123.45, 29-B1 234.56
    r"\d\d[A-HK-Z]\d{5}",
    r"[1-9][A-Z]{1,2}[-/]\d{4}",  # Cambodia, Myanmar
)
_THAI_WORDS = "รถ|นก|คน|ผล|งบ|กก|พศ|คศ|ซม|ชม|มม|มก"  # words of two consonants, before an amount or a year
_CN = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"  # the provinces' signs


def _either(*patterns: str) -> str:
    return "|".join(patterns)


_BARE = re.compile(
    rf"{_BEFORE}(?=[\dA-Z])(?:(?P<document>(?:{_either(*_DOCUMENTS)}){_AFTER}|[A-Z]{{1,2}}\d{{6}}\([\dA]\)"  # the last: Hong Kong
    rf"|\d{{1,2}}/[A-Za-z]{{3,15}} ?\([A-Za-z]{{1,6}}\) ?\d{{6}}(?!\d))"  # Myanmar
    rf"|(?P<thai>[1-8]\d{{12}}){_AFTER}|(?P<phone>{_either(*_PHONES)}){_AFTER}|(?P<plate>{_either(*_PLATES)}){_AFTER})",
)
_ABROAD = re.compile(r"(?<![\w+])(?:\+|00(?=8[46]|66|95|85[2356]|6[0-5]|8[12]|91))\d(?:[ ().-]{0,2}\d){8,13}(?!\d)")
_LOCAL_SCRIPT = re.compile(
    r"(?P<document>[\u1040-\u1049]{1,2}/[\u1000-\u109F]{1,20}\([\u1000-\u109F]{1,12}\) ?[\u1040-\u1049]{6})"
    rf"|(?P<plate>[{_CN}][A-HJ-Z][·• .-]?(?=[A-Z0-9]{{0,5}}\d)[A-HJ-NP-Z0-9]{{5,6}}(?![A-Za-z0-9])"
    r"|[\u1040-\u1049][\u1000-\u1021][-/] ?[\u1040-\u1049]{4}(?![\u1040-\u1049])"
    rf"|(?<![\u0E00-\u0E7F\d])(?:\d[ก-ฮ]{{2}}|(?!{_THAI_WORDS})[ก-ฮ]{{2}})[ -]?\d{{3,4}}(?![\d,.])"
    r"|(?<![\u0E80-\u0EFF])(?!ກກ|ພສ|ຄສ)[ກ-ຮ]{2}[ -]?\d{4}(?![\d,.]))",
)
_LOCAL_LETTER = re.compile(rf"[{_CN}\u0E01-\u0E2E\u0E81-\u0EAE\u1040-\u1049]")
_MAIL = re.compile(r"[^\s@,;:<>()]@[^\s@,;:<>()]{1,100}\.[A-Za-z]{2}")

_HARMLESS = re.compile(
    r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)"  # a date
    r"|(?<![\w.])\d{4}\.\d\d(?:[. ]?\d\d){0,2}(?![\w-])"  # a tariff code with dots
    r"|\b(?:hs|tariff|subheading|heading)\W{0,3}(?:code|no)?\W{0,3}\d{4,10}"  # and one without
    r"|\b[a-z]{3}[ujz][ -]?\d{6}[ -]?\d\b"  # a container (ISO 6346)
    r"|\b(?:case|file|ref|reference|seal|permit|licen[cs]e|invoice|awb|waybill|lading|b/l|declaration|flight|imo|mmsi|lot|batch|tờ khai|vụ)"
    r"\W{0,2}(?:no|number|số|nr)?\W{0,3}[a-z0-9/.-]*\d[a-z0-9/.-]*"  # a number of the paperwork
    r"|(?:usd|vnd|cny|rmb|thb|lak|khr|mmk|us\$|[$¥€£฿])\s?\d[\d.,]*"  # money
    r"|(?<![\d.,+])(?:\d{1,3}(?:[,. ]\d{3}){1,5}|\d{1,15})(?:[.,]\d{1,6})?\s?"
    r"(?:kgs?|kilos?|grams?|g|mg|tons?|tonnes?|lbs?|oz|l|lit(?:re|er)s?|ml|m3|cm|mm|m|km|pcs|pieces?|tablets?|pills?|bags?|box(?:es)?|cartons?"
    r"|packages?|containers?|usd|vnd|đồng|dong|baht|kip|riel|kyats?|yuan|viên|con|cây|gói|kiện|千克|公斤|克|吨|片|件|箱|元|กก|เม็ด)(?![\w/-])",
    re.IGNORECASE,
)
"""Removed from the text before a number without a name is considered an identifier."""


def likely_identifiers(text: str) -> tuple[str, ...]:
    """The kinds found, each once: ``DOCUMENT``, ``PHONE``, ``PLATE``, ``MAIL``; empty when there is none."""
    found: list[str] = []
    if _SUSPECT.search(text):
        lowered = text.lower()
        found += [kind for kind, words, number in _NAMED if any(word in lowered for word in words) and number.search(lowered)]
        if _bare(text):
            found += _bare(_HARMLESS.sub(" ; ", text))
    if not text.isascii() and _LOCAL_LETTER.search(text):
        found += [match.lastgroup or "" for match in _LOCAL_SCRIPT.finditer(text)]
    if "@" in text and _MAIL.search(text):
        found.append(MAIL)
    return tuple(dict.fromkeys(_KINDS.get(kind, kind) for kind in found)) if found else ()


_KINDS = {"document": DOCUMENT, "thai": DOCUMENT, "phone": PHONE, "plate": PLATE}


def _bare(text: str) -> list[str]:
    """Groups of the numbers that look like identifiers by their layout alone."""
    kinds = [match.lastgroup or "" for match in _BARE.finditer(text) if match.lastgroup != "thai" or _thai(match["thai"])]
    if ("+" in text or "00" in text) and _ABROAD.search(text):
        kinds.append("phone")
    return kinds


def _thai(number: str) -> bool:
    """Whether the last of 13 digits checks the others, as on a Thai identity card."""
    total = sum(int(digit) * weight for digit, weight in zip(number, range(13, 1, -1), strict=False))
    return (11 - total % 11) % 10 == int(number[12])
