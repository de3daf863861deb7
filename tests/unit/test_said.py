"""The sentences of the exchange in the person's language: each is one that the code still writes, and what is filled in stays."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from string import Formatter

import orjson
import pytest

import mekong.deploy.check
import mekong.producers
from mekong.producers.doubts import Doubts
from mekong.producers.gateway.body import MOST_BYTES
from mekong.producers.gateway.problem import away
from mekong.producers.gateway.sheets import editions
from mekong.producers.gateway.sheets.reading import SheetEntry
from mekong.producers.page.words import texts
from mekong.producers.parsed import Parsed
from mekong.schemas import said as words
from mekong.schemas.said import example, label, said
from mekong.schemas.sendings import Sending

CODE = [Path(one.__file__).parent for one in (mekong.producers, mekong.deploy.check)]
FILE = json.loads((Path(words.__file__).parent / "texts" / "said.json").read_text(encoding="utf-8"))
SENTENCES = [(part, key) for part, known in FILE.items() for key in known]
OTHERS = ("vi", "zh")
SHORT = 5
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@cache
def _written() -> str:
    """Every text of the code of the producers, and of the command that checks a file."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for folder in CODE for path in folder.rglob("*.py"))
    return "\n".join(
        node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize(("part", "key"), SENTENCES)
def test_a_sentence_is_one_that_the_exchange_writes_and_is_in_each_language(part, key):
    words = FILE[part][key]
    pieces = [piece for piece in re.split(r"\{[a-z]+\}", words["from"]) if len(piece) > SHORT]
    assert part == "examples" or any(piece in _written() for piece in pieces)
    for language in OTHERS:
        assert words[language].strip()
        assert _places(words[language]) <= _places(words["from"])
    assert _places(words.get("en", "")) <= _places(words["from"])


def _message(row, case_no, day, goods, quantity):
    lines = [{"commodity_group": "drug", "substance_or_taxon": goods, "quantity": quantity, "unit": "kg"}]
    value = orjson.dumps({"message_type": "seizure", "seized_at": day, "lines": lines})
    return Parsed("VN-CUSTOMS", case_no, value, None, f"row {row}")


def _questions():
    doubts = Doubts()
    for row in range(2, 9):
        doubts.look(_message(row, f"A-{row}", "2026-05-03", "heroin", 2))
    doubts.look(_message(9, "A-9", "2026-05-03", "heroin", 14))
    doubts.look(_message(10, "A-9", "2026-05-04", "opium", 3))
    doubts.look(_message(11, "1.23457E+15", "2026-05-04", "opium", 3))
    doubts.look(_message(12, "Total", "2026-05-04", "total", 3))
    return [(one.said, one.examples) for one in doubts.questions()]


def _sending(digest, days, contents=b""):
    at = NOW + timedelta(days=days)
    more = {"agency": "VN-CUSTOMS", "id": digest * 16, "state": "sent", "token": "0a1b2c3d", "layout": "simple", "receipts_from": 0}
    return Sending(**more, at=at, edition=at, digest=digest * 64, cases=1, sent=1, contents=contents)


def _of_editions():
    old, new = (SheetEntry((2,), "A-1", value) for value in (b"old", b"new"))
    earlier = [_sending("a", 0, editions.contents_of([old])), _sending("b", 1, editions.contents_of([new]))]
    yield from editions.asked(earlier, "a" * 64, [old], has_cases=True)
    yield from editions.asked(earlier, "c" * 64, [old], has_cases=True)
    yield from editions.asked([], "c" * 64, [old], has_cases=True)


@pytest.mark.parametrize("language", OTHERS)
def test_every_question_before_a_sending_is_in_the_language(language):
    asked = [*_questions(), *_of_editions()]
    assert len(asked) == 6
    for sentence, examples in asked:
        found = said(sentence, language)
        assert found.language == language, sentence
        assert re.findall(r"\([\d,]+\)$", sentence) == re.findall(r"\([\d,]+\)$", found.text)
        for one in examples:
            shown = example(one, language, texts(language)["row_n"])
            assert not re.search(r"row|case|rows", shown), shown


def test_what_is_filled_in_stays_and_a_group_has_its_name():
    shown = example("row 9: 14 kg of drug, as much as the other 7 rows together (case {A} 9)", "vi", "dòng {row}")
    assert shown.startswith("dòng 9: Ma túy: 14 kg,"), shown
    assert shown.endswith("(vụ {A} 9)")


def test_the_page_names_neither_headers_nor_bytes_unpacked():
    for sentence in (
        away().detail,
        "A request with this Idempotency-Key is under way. Wait for its answer.",
        f"The body is over {MOST_BYTES:,} bytes unpacked. Send the messages in several requests.",
    ):
        for language in ("en", *OTHERS):
            found = said(sentence, language)
            assert found.language == language
            assert not re.search("Idempotency|unpacked|requests", found.text)


@pytest.mark.parametrize("sentence", ["", "a sentence that nobody knows", "{count}", "A" * 5_000, "row 1: {0.__class__}"])
def test_another_sentence_stays_as_it_is(sentence):
    assert said(sentence, "vi") == (sentence, "en")


def test_a_field_has_the_heading_of_the_template():
    assert label("lines.0.quantity", "zh") == "数量"
    assert label("lines.quantity", "zh") == "数量"
    assert label("case_no", "vi") == "Mã vụ việc"
    assert label("route.0.country", "en") == "route.0.country"


def test_a_sentence_with_its_cell_and_what_is_filled_in_are_in_the_language():
    assert said("J4 has words after the number: write only the number, and the unit in a column of its own", "vi").text.startswith(
        "J4 có chữ"
    )
    assert said("'VX': is not on the code list; did you mean VN or LA?", "vi").text.endswith("có phải ý bạn là VN hoặc LA?")
    assert said("the text of the cell has more than 100 characters", "zh").text == "单元格的内容 超过 100 个字符"
    assert said("J4 is less than 0: write the quantity that was seized (also: B5, row 7)", "vi").text.endswith("(còn có: B5, dòng 7)")
    assert said(
        "is not the same as the constant of the layout, and the rows are of one case: give both the same, or two case numbers", "vi"
    ).text.startswith("Khác với hằng số của cấu hình cột,")
    of_row = "the sheet has no case numbers: a case is known by all of its row; when that is changed it becomes another case"
    assert "以 整行内容 识别" in said(f"{of_row}, and the old one stays", "zh").text
    assert said("J4 a sentence that nobody knows", "vi") == ("J4 a sentence that nobody knows", "en")
