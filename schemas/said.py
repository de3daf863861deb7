# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""Says in the person's language what the exchange says in English: on the pages, and in a marked sheet. Pure.

``texts/said.json`` has the sentences by key, and ``texts/receipts.json`` those of receipts, with what each code of a receipt means.
``{name}`` in a sentence is what the exchange fills in. A sentence that is in neither file stays in English, after what its code means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mekong.schemas.codes import code_list
from mekong.schemas.columns import COLUMNS
from mekong.schemas.languages import Language
from mekong.schemas.receipts import Receipt
from mekong.schemas.wire import load

_MOST = 1_000
"""Characters of a sentence that is looked up."""
_PLACE = re.compile(r"\\\{([a-z]+)\\\}")
_FORMS = {"count": r"[\d,.]+", "row": r"[\d,]+", "width": r"\d+", "others": r"[\d,]+", "seen": r"(?:'.*' )?"}
_CELL = "the text of the cell"
_INSIDE: Mapping[str, Mapping[Language, str]] = {
    _CELL: {"vi": "nội dung của ô", "zh": "单元格的内容"},
    "the constant of the layout": {"vi": "hằng số của cấu hình cột", "zh": "列设置的固定值"},
    "all of its row": {"vi": "toàn bộ dòng", "zh": "整行内容"},
}
"""Words that may be filled in."""
_OR: Mapping[Language, str] = {"en": " or ", "vi": " hoặc ", "zh": " 或 "}
_OF: Mapping[Language, str] = {"en": "{}: ", "vi": "{}: ", "zh": "{}："}
_FORMS |= {"shown": rf"(?:{_CELL} |.{{1,61}}?: )?", "number": r"\d+", "old": r"\d+", "version": r"\d+"}
_FORMS |= {"weight": r"[\d,.]+", "unit": r"\S+", "group": r"[a-z]+", "agency": r"[A-Z0-9-]+"}
_ROW = re.compile(r"row (\d+): (.*)", re.DOTALL)
_CELLED = re.compile(r"([A-Z]{1,3}\d{1,7} )?(.*?)(?: \(also: (.*)\))?", re.DOTALL)
_ALSO: Mapping[Language, str] = {"en": " (also: {})", "vi": " (còn có: {})", "zh": "（另有：{}）"}
_ROWS: Mapping[Language, str] = {"en": "row ", "vi": "dòng ", "zh": "行 "}
_COUNTED = r"(?P<counted> \([\d,]+\))?"
_LINE = re.compile(r"^lines\.(?:\d+\.)?")


class Said(NamedTuple):
    """A sentence, and the language that it is in."""

    text: str
    language: Language


class _Known(NamedTuple):
    part: str
    """The longest part of the sentence that is always the same: to look for it is far quicker than to try the form."""
    form: re.Pattern[str]
    words: Mapping[str, str]


def said(sentence: str, language: Language) -> Said:
    """A sentence of the exchange for a person, with or without the cell before it. What was filled in stays as it is."""
    if len(sentence) > _MOST:
        return Said(sentence, "en")
    found = _found("sentences", sentence, language)
    if found.language == language or not (celled := _CELLED.fullmatch(sentence)):
        return found
    of_cell = _found("sentences", celled[2], language)
    also = _ALSO[language].format(celled[3].replace("row ", _ROWS[language])) if celled[3] else ""
    return Said((celled[1] or "") + of_cell.text + also, language) if of_cell.language == language else found


def told(code: str, field: str, sentence: str, language: Language) -> tuple[Said, ...]:
    """A sentence of a receipt with its field; after what its code means, when the sentence is not known in the language.

    Nothing for an empty sentence.
    """
    if not sentence:
        return ()
    found = said(sentence, language)
    of = _OF[language].format(label(field, language)) if field not in ("", "message") else ""
    if found.language == language or code not in _codes():
        return (found._replace(text=of + found.text),)
    return Said(of + _codes()[code][language], language), found


def of_receipt(receipt: Receipt, language: Language) -> list[Said]:
    """All that a receipt says: why it was rejected or is stale, and its notices."""
    found = [*told(receipt.reason or "", receipt.field or "", receipt.detail or "", language)]
    for notice in receipt.warnings:
        found += told(notice.code, notice.field, notice.detail, language)
    return found


def meaning(code: str, language: Language) -> str:
    """What a code of a receipt means; the code itself when this version does not know it."""
    return _codes()[code][language] if code in _codes() else code


def example(text: str, language: Language, row_n: str) -> str:
    """An example of a question, such as ``row 5: case A-1``. ``row_n``: how the language names a row."""
    if len(text) > _MOST or not (found := _ROW.fullmatch(text)):
        return text
    return f"{row_n.format(row=found[1])}: {_found('examples', found[2], language).text}"


def label(field: str, language: Language) -> str:
    """What the template calls the field of a message, such as ``lines.0.quantity``; a field without a column stays as it is."""
    column = COLUMNS.get(_LINE.sub("", field))
    return column.heading[language] if column else field


def _found(part: str, sentence: str, language: Language) -> Said:
    for known in _known(part):
        if known.part in sentence and (found := known.form.fullmatch(sentence)) and (words := known.words.get(language)):
            return Said(_filled(words, found.groupdict(""), language), language)
    return Said(sentence, "en")


def _filled(words: str, given: Mapping[str, str], language: Language) -> str:
    groups = code_list("commodity_groups")
    shown = dict(given)
    for inside, by_language in _INSIDE.items():
        shown = {name: text.replace(inside, by_language.get(language, inside)) for name, text in shown.items()}
    shown |= {"near": shown["near"].replace(" or ", _OR[language])} if "near" in shown else {}
    if (group := groups.get(given.get("group", ""))) is not None:
        shown["group"] = group.label(language)
    return words.format(**shown) + given.get("counted", "")


@cache
def _known(part: str) -> tuple[_Known, ...]:
    read = [*_file("said")[part].values(), *_file("receipts").get(part, {}).values()]
    return tuple(_Known(_longest_part(words["from"]), re.compile(_form(words["from"]), re.DOTALL), words) for words in read)


def _longest_part(sentence: str) -> str:
    return max(re.split(r"\{[a-z]+\}", sentence), key=len)


@cache
def _codes() -> Mapping[str, Mapping[str, str]]:
    codes: Mapping[str, Mapping[str, str]] = _file("receipts")["codes"]
    return codes


def _file(name: str) -> dict[str, Any]:
    found: dict[str, Any] = load((Path(__file__).parent / "texts" / f"{name}.json").read_bytes())
    return found


def _form(sentence: str) -> str:
    return _PLACE.sub(lambda name: f"(?P<{name[1]}>{_FORMS.get(name[1], '.+?')})", re.escape(sentence)) + _COUNTED
