"""Plain words: no text that a person reads has a phrase that docs/style.md refuses. A failure names the place and what to write.

There are three levels: pages with the help of all commands; every sentence in the code (receipts, notifications, errors, log lines);
docstrings and comments. The third level covers the folders in ``DOCUMENTED``. ``python tests/contract/test_plain_words.py`` lists what it
finds in every folder.
"""

from __future__ import annotations

import ast
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from mekong.deploy import documents

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "producers", "streams", "sinks", "deploy")
DOCUMENTED = ("schemas", "producers", "streams", "sinks", "deploy")
"""The folders whose docstrings and comments must have plain words."""
EVERYWHERE = {"is no": (*PACKAGES, "docs", "tests", "benchmarks", ".ci")}
"""Phrases that no text file of these folders has, whatever its language; applied migrations stay as they are."""
TEXTS = {".py", ".md", ".html", ".js", ".mjs", ".css", ".toml", ".yaml", ".json", ".txt", ".svg"}
STYLE = ROOT / "docs" / "style.md"
GENERATED = {"commands.md"}  # from the help, which is read here itself
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in GENERATED),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
REFUSED: Mapping[str, str] = {
    "is no": r"\b(?:is|are|was|were|be|been) no (?!longer\b)",
    "some": r"\bsome [\d~]",
    "else": r"(?:^|[.;:(] )[Ee]lse\b",
    "anew": r"\banew\b",
    "weather": r"\bweather\b",
    "no news": r"\bno news\b",
    "but for": r"\bbut for\b",
    "tell of": r"\b(?:is|are|was|were|be|been) told (?:of|nothing)\b|\btells? (?:nothing )?of\b",
    "hear of": r"\bhears? of\b",
    "given up": r"\b(?:is|are|was|were) given up\b",
    "for gone": r"\bfor gone\b",
    "of ours": r"\bof (?:ours|theirs)\b",
    "stand": r"\bstands? (?:in(?! for\b)|on|behind|beside|before|between)\b|\bas (?:it|they) stands?\b",
    "mend": r"\bmend(?:s|ed|ing)?\b",
    "for good": r"\bfor good\b",
    "all the same": r"\ball the same\b",
    "bear": r"\bbears? (?:that|it|being|the|a|no)\b",
    "for so long": r"\bfor so long\b",
    "of then": r"\bof then\b",
    "absurd": r"\babsurd\b",
}
ANY = re.compile("|".join(REFUSED.values()))
SHORT_SENTENCES = ("README.md", "docs/architecture.md", "docs/notifications.md", "docs/style.md", "docs/tour.md")
MOST_WORDS = 40
ROW = re.compile(r"^\| (.+?) \| (.+?) \|$", re.MULTILINE)
MARK = re.compile(r"^\s*(?:#+|//|\*|>) ?", re.MULTILINE)
"""Of a comment or a quotation that goes on in the next line."""
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


STORED = {"the topic was made anew"}
"""In records of deployments that exist, and compared with those: not to be changed."""


class Found(NamedTuple):
    where: str
    name: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.words!r} (docs/style.md: {self.name})"


def refused(text: str, where: str, first_line: int = 1) -> Iterator[Found]:
    """Each phrase that is refused, whatever line breaks are in it."""
    places, lines, words = [], [], []
    at = 0
    for word in re.finditer(r"\S+", text):
        places.append(at)
        lines.append(first_line + text.count("\n", 0, word.start()))
        words.append(word[0])
        at += len(word[0]) + 1
    plain = " ".join(words)
    if not ANY.search(plain):
        return
    for name, pattern in REFUSED.items():
        for found in re.finditer(pattern, plain):
            line = lines[bisect_right(places, found.start()) - 1]
            yield Found(f"{where}:{line}", name, plain[max(0, found.start() - 30) : found.end() + 30])


def of_page(page: Path) -> list[Found]:
    """What a page has outside of code, and style.md outside of its tables."""
    text = CODE.sub(lambda code: "`" + "\n" * code[0].count("\n") + "`", page.read_text(encoding="utf-8"))
    if page == STYLE:
        text = re.sub(r"^\|.*", "", text, flags=re.MULTILINE)
    return list(refused(text, str(page.relative_to(ROOT))))


@cache
def parsed(path: Path) -> ast.Module:
    """A module, parsed once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of several words in a module that is not a docstring, with its line; ``…`` stands for what is filled in."""
    tree = parsed(path)
    passed = {id(statement.value) for statement in ast.walk(tree) if isinstance(statement, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        else:
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if " " in text and text not in STORED:
            yield node.lineno, text


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Every docstring of a module, and of what is assigned in it."""
    for statement in ast.walk(parsed(path)):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
            yield statement.lineno, statement.value.value


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Every comment of a module."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def of_documentation(package: str) -> list[Found]:
    """What the docstrings and comments of a package have."""
    return [
        one
        for path in modules(package)
        for line, text in (*docstrings(path), *comments(path))
        for one in refused(text, str(path.relative_to(ROOT)), line)
    ]


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if ".venv" not in path.parts)


def listed(found: list[Found]) -> str:
    return "\n".join(map(str, found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_has_plain_words(page: Path):
    assert not (found := of_page(page)), listed(found)


@pytest.mark.parametrize("page", SHORT_SENTENCES)
def test_no_sentence_is_long(page: str):
    """Outside of tables and code; a colon and the items of a list end a sentence too."""
    text = re.sub(r"^[|#].*", "\n", CODE.sub("code", (ROOT / page).read_text(encoding="utf-8")), flags=re.MULTILINE)
    sentences_of_page = re.split(r"(?<=[.!?:])\s|\n\s*\n|\n\s*(?:-|\d+\.) ", text)
    assert [" ".join(one.split()) for one in sentences_of_page if len(one.split()) > MOST_WORDS] == []


def test_the_help_of_every_command_has_plain_words():
    said = ((command.get_help(context), f"{context.command_path} --help") for command, context in documents.every_command())
    assert not (found := [one for text, where in said for one in refused(text, where)]), listed(found)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sentence_in_the_code_has_plain_words(package: str):
    found = [one for path in modules(package) for line, text in sentences(path) for one in refused(text, str(path.relative_to(ROOT)), line)]
    assert not found, listed(found)


@pytest.mark.parametrize("package", DOCUMENTED)
def test_every_docstring_and_comment_has_plain_words(package: str):
    assert not (found := of_documentation(package)), listed(found)


@pytest.mark.parametrize(("name", "folder"), [(name, folder) for name, folders in EVERYWHERE.items() for folder in folders])
def test_a_phrase_is_in_no_file_of_a_folder(name: str, folder: str):
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS and path not in {STYLE, Path(__file__)}]
    files = [path for path in files if ".venv" not in path.parts]  # a benchmark installs its peers in one
    assert files, folder
    texts = ((path, MARK.sub("", path.read_text(encoding="utf-8", errors="replace"))) for path in files)
    quick = re.compile(REFUSED[name].replace(" ", r"\s+"))
    found = [one for path, text in texts if quick.search(text) for one in refused(text, str(path.relative_to(ROOT))) if one.name == name]
    assert not found, listed(found)


def test_each_phrase_of_the_page_is_refused_and_what_to_write_instead_is_not():
    part = STYLE.read_text(encoding="utf-8").partition("## What `make check` refuses")[2].partition("\n## ")[0]
    rows = [(instead_of, use) for instead_of, use in ROW.findall(part) if instead_of not in {"instead of", "---"}]
    shown = set()
    for instead_of, use in rows:
        names = {one.name for one in refused(instead_of, "docs/style.md")}
        assert names, f"docs/style.md: {instead_of!r} is not refused"
        assert not list(refused(use, "docs/style.md")), f"docs/style.md: {use!r} is refused itself"
        shown |= names
    assert shown == set(REFUSED), f"docs/style.md has no example of {sorted(set(REFUSED) - shown)}"


if __name__ == "__main__":
    everything = [one for package in PACKAGES for one in of_documentation(package)]
    print(listed(everything))
    print(f"{len(everything)} in docstrings and comments")
