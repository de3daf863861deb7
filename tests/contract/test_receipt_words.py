"""Everything that a receipt may say is in the languages of the sender's page: each code with its meaning, and each sentence of intake."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import mekong.producers.sheets
import mekong.streams.core.intake
from mekong.deploy.profiles import profile_of
from mekong.schemas import messages, record, times, trial
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.said import said, told
from mekong.streams.core.intake.alone import judge

INTAKE = sorted(Path(mekong.streams.core.intake.__file__).parent.glob("*.py"))
SCHEMAS = [Path(str(module.__file__)) for module in (messages, record, times, trial)]
TEXTS = Path(str(record.__file__)).parent / "texts"
FILE = json.loads((TEXTS / "receipts.json").read_text(encoding="utf-8"))
SAID = json.loads((TEXTS / "said.json").read_text(encoding="utf-8"))["sentences"]
SHEETS = [
    Path(mekong.producers.sheets.__file__).parent / f"{name}.py"
    for name in ("answered", "dates", "exported", "fitting", "messages", "numbers", "readings", "rows", "skipping", "table")
]
"""Where the sentences and notes of a marked sheet are made."""
INSIDE = ("the constant of the layout", "all of its row")
"""Words that are filled in; `test_said.py` has them."""
EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "in").glob("*/*.json"))
KNOWN = "\n".join(words["from"] for words in FILE["sentences"].values())
NOT_OF_A_RECEIPT = ("Unreadable", "Fatal", "WithJsonSchema", "Refused", "error", "warning", "info", "compile")
"""Calls whose texts are for the log, for another program or for us."""


def calls(name: str) -> Iterator[ast.Call]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in INTAKE)
    yield from (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name)


def notice_codes() -> set[str]:
    found = [call.args[0] for call in calls("Notice")]
    assert all(isinstance(one, ast.Constant) for one in found)
    return {str(one.value) for one in found if isinstance(one, ast.Constant)}


def test_every_code_of_a_receipt_has_a_meaning_in_each_language_and_no_other_has():
    codes = {reason.value for reason in Reason} | notice_codes()
    assert len(notice_codes()) > 10
    assert codes - FILE["codes"].keys() == set(), "write what they mean in schemas/texts/receipts.json"
    assert FILE["codes"].keys() - codes == set()
    assert {code for code, words in FILE["codes"].items() if not all(words.get(language, "").strip() for language in LANGUAGES)} == set()


def pieces(path: Path) -> Iterator[str]:
    """The texts in the code of a module that are a part of a sentence: not its docstrings, and not what is for the log."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and str(getattr(node.func, "id", getattr(node.func, "attr", ""))).endswith(NOT_OF_A_RECEIPT):
            others |= {id(part) for part in ast.walk(node) if not isinstance(part, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            text = re.sub(r"\{[a-z]+\}", "\0", node.value)
            yield from (part for part in text.split("\0") if len(part) > 9 and " " in part.strip())


@pytest.mark.parametrize("path", [*INTAKE, *SCHEMAS], ids=lambda path: path.stem)
def test_every_sentence_of_intake_is_in_the_languages_of_the_page(path):
    missing = [piece for piece in pieces(path) if piece.strip() not in KNOWN]
    assert missing == [], "write these sentences in schemas/texts/receipts.json"


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_every_sentence_in_a_marked_sheet_is_in_the_languages_of_the_template(path):
    known = "\n".join(words["from"] for words in SAID.values())
    found = [piece for piece in pieces(path) if not re.search(r"[\\^(]|^(the name|a date|an address) of", piece)]
    missing = [piece for piece in found if piece.strip() not in known and piece not in INSIDE and said(piece, "vi").language != "vi"]
    assert missing == [], "write these sentences in schemas/texts/said.json"


@pytest.mark.parametrize("language", ["vi", "zh"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_an_example_is_told_is_in_the_language(path, language):
    raw = path.read_bytes()
    named = re.search(rb'"agency": *"([A-Z]{2}-[A-Z-]+)"', raw)
    found = judge(raw, profile_of(named[1].decode() if named else "VN-CUSTOMS"), 1_795_000_000_000)
    sentences = [found.detail] if isinstance(found, Rejected) else [notice.detail for notice in found]
    assert [one for one in sentences if said(one, language).language != language] == []


def test_a_sentence_that_is_not_known_comes_after_what_its_code_means():
    assert [part.language for part in told("bad_date", "seized_at", "a sentence of a newer exchange", "vi")] == ["vi", "en"]
    assert told("a_newer_code", "message", "a sentence", "zh") == (("a sentence", "en"),)
    assert told("bad_date", "", "", "zh") == ()
