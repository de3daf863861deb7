"""Finds what may be personal data: by the heading of a column, or in a text (names, telephone numbers, plates, documents). Pure.

Nothing that looks personal leaves this machine: a column is not sent, a text is refused. The words are in personal.toml beside it.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from mekong.producers.sheets.spellings import bare, key

_WORDS = tomllib.loads(files(__package__).joinpath("personal.toml").read_text(encoding="utf-8"))
_HEADINGS = frozenset(spelt for words in _WORDS["headings"].values() for word in words for spelt in (key(word), bare(word)))
_INSIDE = tuple(re.compile(rf"(?<!\w){re.escape(key(word))}(?!\w)") for word in _WORDS["inside"]["words"])
_PARTS = tuple(map(key, _WORDS["inside"]["parts"]))
_NUMBERED = re.compile(r"( no| number| \d+)$")
_PLACES = re.compile("|".join(_WORDS["places"]["names"]), re.IGNORECASE)
_LATIN = "|".join(sorted({spelt for name in _WORDS["families"]["latin"] for spelt in (name.capitalize(), name.upper())}))
_CHINESE = "".join(_WORDS["families"]["chinese"].split())
_WORD = r"[A-ZÀ-ỸĐ][A-Za-zÀ-ỹđĐ'’-]*"
_NAMED = re.compile(r"[A-Za-z]{3}|@")
"""What a case number has at least when a name is in it."""
_HAN = r"[\u4e00-\u9fff]"


def _any(*forms: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(forms), flags)


_TEXTS = {
    "the number of an account": _any(
        r"(account|a/c|iban|tài khoản|stk|账号|账户|บัญชี|ບັນຊີ|គណនី|compte)\W{0,4}(no|number|số)?\W{0,3}[A-Z]{0,4}\d{6,}",
        flags=re.IGNORECASE,
    ),
    "a telephone number": _any(
        r"(?<![\d.,/-])(\+\d{1,3}[ .-]?\(?\d{1,4}|\(?0\d{1,4})\)?[ .-]\d{3,4}[ .-]?\d{3,4}(?![\d.,/-])",
        r"(?<![\w/.-])1[3-9]\d{9}(?![\w/.-])",  # China
        r"(?<!\w)\+\d{9,14}(?!\d)",
        r"(?<![\w/.-])0\d{9,10}(?![\w/.-])",
    ),
    "an address of mail": _any(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", flags=re.IGNORECASE),
    "the number of an identity document": _any(
        r"(?<![\w/.-])\d{12}(?![\w/.-])",  # Viet Nam
        r"(?<!\w)\d{17}[\dXx](?!\w)",  # China
        r"(?<!\w)\d-\d{4}-\d{5}-\d{2}-\d(?!\w)",  # Thailand
        r"\d{1,2}/\w{3,12}\((N|C|E|နိုင်)\)\s?\d{6}",  # Myanmar
    ),
    "the number of a passport": _any(r"(?<![\w/-])[A-Z]{1,2}\d{7,8}(?![\w/-])"),
    "a number plate": _any(
        r"(?<!\w)\d{2}[A-Z]{1,2}\d?[ -]\d{3}\.?\d{2}(?!\w)",  # Viet Nam
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·. -]?[A-Z0-9]{5,6}",  # China
        r"(?<!\w)\d?[ก-ฮ]{2}[ -]?\d{3,4}(?!\w)",  # Thailand
    ),
    "a date of birth": _any(
        r"\b(born|dob|d\.o\.b|date of birth|né[e]? le|sinh năm|sinh ngày)\b",
        "出生于|出生日期|生于|เกิดวันที่|เกิดเมื่อ|ເກີດວັນທີ|កើតថ្ងៃ|မွေးသက္ကရာဇ်",
        flags=re.IGNORECASE,
    ),
    "the name of a person": _any(
        r"(?<!\w)(Mr|Mrs|Ms|Miss|Dr|M\.|Mme|Daw|Maung)\.?\s+[A-Z]",
        r"(?<!\w)(U|Ko|Ma)\s+[A-Z][a-z]+\s+[A-Z][a-z]+",
        r"(?<!\w)([Ôô]ng|[Bb]à|đối tượng|Anh|Chị)\s+[A-ZĐ]\w+\s+[A-ZĐ]",
        rf"(?<!\w)({_LATIN})(\s+{_WORD}){{1,3}}(?!\w)",
        r"(?:^|\s)(นาย|นางสาว|นาง)\s?(?!อาย|แอ่น)[ก-๙]{2,}",  # not the slow loris, and not the swiftlet
        r"(?:^|\s)(ທ້າວ|ນາງ|ທ່ານ)\s?[ກ-ໝ]{2,}",
        r"(លោកស្រី|លោក|អ្នកស្រី)\s?[ក-អ]",
        r"(?:^|\s)(ဦး|ဒေါ်|မောင်)\s?[က-အ]",
        rf"{_HAN}{{2,3}}(先生|女士|小姐)",
        rf"(嫌疑人|当事人|姓名|司机|男子|女子)[:：]?\s?{_HAN}{{2,3}}",
        rf"^[{_CHINESE}]{_HAN}{{1,2}}(?<![省市县州区镇港关岛])$",
    ),
}
"""What a text may have -> the form of it."""


def personal_heading(heading: str) -> bool:
    """Whether a column with this heading has personal data."""
    whole = key(heading)
    name = _NUMBERED.sub("", whole)
    if {whole, name, bare(name)} & _HEADINGS:
        return True
    return any(word.search(name) for word in _INSIDE) or any(part in name for part in _PARTS)


def named(number: str) -> str | None:
    """What a case number seems to have of a person, without its words. Digits alone are a number."""
    what = personal_text(number) if not number.isascii() or _NAMED.search(number) else None
    return what if what in ("the name of a person", "an address of mail", "a date of birth") else None


def personal_text(text: str) -> str | None:
    """What a text seems to have, without its words: ``a telephone number``."""
    rest = _PLACES.sub(" ", text)
    return next((what for what, form in _TEXTS.items() if form.search(rest)), None)
